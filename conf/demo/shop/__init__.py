"""A small shop: the application of the demonstration."""
