class Store:
    def __init__(self):
        self.file = self.connect()

    def connect(self):
        return open(__file__)  # LEAK type=file func=Store.connect


store = Store()
