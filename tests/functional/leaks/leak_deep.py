def descend(depth):
    if depth:
        return descend(depth - 1)
    return open(__file__)  # LEAK type=file func=descend depth=200


handle = descend(199)
