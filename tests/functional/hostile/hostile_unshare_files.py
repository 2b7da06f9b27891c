"""A table of fds of its own: what was opened before and after is in it."""
import ctypes

before = open("/etc/passwd")  # LEAK type=file target=/etc/passwd
ctypes.CDLL(None).unshare(0x400)
after = open("/etc/group")  # LEAK type=file target=/etc/group
