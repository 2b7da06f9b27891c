handle = open(__file__)  # LEAK type=file
