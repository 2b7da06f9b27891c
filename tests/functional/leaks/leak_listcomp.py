kept = [open(__file__) for _ in range(2)]  # LEAK type=file func=<listcomp> func@3.12=<module> n=2
