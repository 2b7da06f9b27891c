"""Never closed by name, but nobody holds it."""
text = open(__file__).read()
