"""Holds nothing."""
LIMIT = 10
