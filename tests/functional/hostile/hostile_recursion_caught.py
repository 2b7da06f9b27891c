import sys


def descend(depth):
    if depth == 0:
        return open(__file__)  # LEAK type=file func=descend depth=900
    return descend(depth - 1)


handle = descend(900)
