kept = tuple(open(__file__) for _ in range(2))  # LEAK type=file func=<genexpr> n=2
