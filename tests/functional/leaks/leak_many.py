import os

fds = []
for _ in range(500):
    fds.append(os.open(__file__, os.O_RDONLY))  # LEAK type=file n=500
