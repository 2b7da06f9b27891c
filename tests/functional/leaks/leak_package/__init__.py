"""A package whose __init__ leaks."""
from . import inner

handle = open(__file__)  # LEAK type=file
