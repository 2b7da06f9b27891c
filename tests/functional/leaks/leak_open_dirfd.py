import os

here = os.open(os.path.dirname(__file__), os.O_RDONLY | os.O_DIRECTORY)
fd = os.open("leak_open.py", os.O_RDONLY, dir_fd=here)  # LEAK type=file target=leak_open.py
os.close(here)
