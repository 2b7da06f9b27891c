"""In a cycle that only the collector frees: it is collected in the module itself."""
import gc


class Node:
    def __init__(self):
        self.me = self
        self.file = open(__file__)


Node()
gc.collect()
