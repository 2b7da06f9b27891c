import os

fd = os.open("gone", os.O_CREAT | os.O_RDWR, 0o600)  # LEAK type=file target=gone
os.unlink("gone")
