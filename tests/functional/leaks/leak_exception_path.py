"""Opened while an exception is handled, and kept alive by its traceback."""
kept = []


def load():
    handle = open(__file__)  # LEAK type=file func=load
    raise ValueError(handle)


try:
    load()
except ValueError as error:
    kept.append(error)
