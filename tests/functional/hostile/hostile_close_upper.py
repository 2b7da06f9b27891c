import os

os.closerange(3, 65536)
