"""Recursion in C and in Python, as deep as it goes: every outcome in words."""
import copy
import json
import pickle
import sys

import app_result


def nested(depth):
    outer = []
    for _ in range(depth):
        outer = [outer]
    return outer


def unnest(outer):
    """The depth; takes it apart, for a deep list that dies at once recurses too."""
    depth = 0
    while outer:
        outer = outer.pop()
        depth += 1
    return depth


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except (RecursionError, MemoryError, SyntaxError) as error:
        return type(error).__name__


def descend(depth):
    return depth and 1 + descend(depth - 1)


class Chain:
    """Python and C in turns."""

    def __init__(self, depth):
        self.depth = depth

    def __repr__(self):
        return "x" if self.depth == 0 else "%r" % Chain(self.depth - 1)


def with_limit(limit, depth):
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        return descend(depth)
    finally:
        sys.setrecursionlimit(old)


def work():
    return {
        "repr 500": outcome(lambda: len(repr(nested(500)))),
        "repr 5000": outcome(lambda: len(repr(nested(5000)))),
        "repr 100000": outcome(lambda: len(repr(nested(100000)))),
        "json 500": outcome(lambda: len(json.dumps(nested(500)))),
        "json 5000": outcome(lambda: len(json.dumps(nested(5000)))),
        "json loads 100000": outcome(lambda: len(json.loads("[" * 100000 + "]" * 100000))),
        "pickle 300": outcome(lambda: unnest(pickle.loads(pickle.dumps(nested(300))))),
        "pickle 5000": outcome(lambda: len(pickle.dumps(nested(5000)))),
        "deepcopy 100": outcome(lambda: unnest(copy.deepcopy(nested(100)))),
        "deepcopy 5000": outcome(lambda: unnest(copy.deepcopy(nested(5000)))),
        "compile 50": outcome(lambda: eval("(" * 50 + "1" + ",)" * 50) and 50),
        "compile 5000": outcome(lambda: eval("(" * 5000 + "1" + ")" * 5000)),
        "compile minus 50": outcome(lambda: eval("-" * 50 + "1")),
        "compile minus 100000": outcome(lambda: eval("-" * 100000 + "1")),
        "compare 5000": outcome(lambda: nested(5000) == nested(5000)),
        "isinstance": outcome(lambda: isinstance(1, deep_tuple(100000))),
        "python 900": outcome(descend, 900),
        "python endless": outcome(descend, 10 ** 7),
        "python 9000 of 10000": outcome(with_limit, 10000, 9000),
        "python 11000 of 10000": outcome(with_limit, 10000, 11000),
        "python and C 200": outcome(lambda: repr(Chain(200))),
        "python and C endless": outcome(lambda: repr(Chain(10 ** 7))),
        "deep list dies": outcome(lambda: len(nested(1000000))),
    }


def deep_tuple(depth):
    outer = (str,)
    for _ in range(depth):
        outer = (outer,)
    return outer


def run():
    app_result.run(work)
