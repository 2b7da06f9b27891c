import sys

for name in list(sys.modules):
    if name not in ("sys", "builtins", __name__):
        del sys.modules[name]
