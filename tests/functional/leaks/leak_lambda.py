connect = lambda: open(__file__)  # LEAK type=file func=<lambda>
handle = connect()
