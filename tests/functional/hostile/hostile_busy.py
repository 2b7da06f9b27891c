"""Hangs without a single system call."""


def spin():
    while True:
        pass


spin()
