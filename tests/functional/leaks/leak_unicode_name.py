def öffne():
    return open(__file__)  # LEAK type=file func=öffne


griff = öffne()
