import os

os.umask(0o777)
