import os

fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)  # LEAK type=directory
