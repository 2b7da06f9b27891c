def load(name):
    raise ValueError("no such shop: " + name)


load("greengrocer")
