"""An audit hook that refuses what it can."""
import sys


def hook(event, arguments):
    if event in ("os.fork", "sys._getframe", "gc.get_objects"):
        raise RuntimeError("not here")


sys.addaudithook(hook)
