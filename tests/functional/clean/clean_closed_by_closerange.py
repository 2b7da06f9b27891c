import fcntl
import os

with open(__file__) as file:
    for number in range(500, 520):
        fcntl.fcntl(file, fcntl.F_DUPFD, number)
os.closerange(500, 600)
