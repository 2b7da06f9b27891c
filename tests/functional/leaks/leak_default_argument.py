def read(source=open(__file__)):  # LEAK type=file
    return source.read()
