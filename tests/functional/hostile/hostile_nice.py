import os

os.nice(15)
