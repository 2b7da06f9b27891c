"""An iterator that was not read to its end keeps its directory open."""
import os

entries = os.scandir(os.path.dirname(__file__))  # LEAK type=directory
first = next(entries)
