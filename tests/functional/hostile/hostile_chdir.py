import os
import tempfile

place = tempfile.mkdtemp()
os.chdir(place)
os.rmdir(place)
