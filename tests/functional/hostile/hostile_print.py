import sys

for _ in range(500):
    print("o" * 20000)
    print("e" * 20000, file=sys.stderr)
