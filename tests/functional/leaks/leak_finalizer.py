kept = []


class Resource:
    def __del__(self):
        kept.append(open(__file__))  # LEAK type=file func=Resource.__del__


Resource()
