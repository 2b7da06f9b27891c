class Outer:
    class Inner:
        @classmethod
        def make(cls):
            return open(__file__)  # LEAK type=file func=Outer.Inner.make


handle = Outer.Inner.make()
