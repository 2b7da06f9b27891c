"""The importer itself goes away: the classical daemon start."""
import os

if os.fork():
    os._exit(0)
os.setsid()
