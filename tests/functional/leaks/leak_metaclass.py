class Meta(type):
    def __new__(mcs, name, bases, namespace):
        namespace["handle"] = open(__file__)  # LEAK type=file func=Meta.__new__
        return super().__new__(mcs, name, bases, namespace)


class Model(metaclass=Meta):
    pass
