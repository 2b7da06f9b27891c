def register():
    return open(__file__)  # LEAK type=file func=register


handle = register()
