"""A context that is entered and never left."""
import contextlib


@contextlib.contextmanager
def opened():
    with open(__file__) as file:  # LEAK type=file func=opened
        yield file


context = opened()
handle = context.__enter__()
