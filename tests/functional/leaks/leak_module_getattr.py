kept = []


def __getattr__(name):
    if name != "handle":
        raise AttributeError(name)
    kept.append(open(__file__))  # LEAK type=file func=__getattr__
    return kept[-1]


def use():
    import sys
    return sys.modules[__name__].handle


use()
