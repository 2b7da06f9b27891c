def handles():
    while True:
        yield open(__file__)  # LEAK type=file func=handles n=2


source = handles()
kept = [next(source), next(source)]
