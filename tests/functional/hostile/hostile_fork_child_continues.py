"""The child of a fork goes on with the import, as a bug would, and both come to the end."""
import os

pid = os.fork()
VALUE = 1
