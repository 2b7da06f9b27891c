def configure(path):
    return open(path)  # LEAK type=file func=configure


def setup():
    return configure(__file__)


handle = setup()
