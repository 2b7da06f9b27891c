def outer():
    def inner():
        return open(__file__)  # LEAK type=file func=outer.<locals>.inner
    return inner


handle = outer()()
