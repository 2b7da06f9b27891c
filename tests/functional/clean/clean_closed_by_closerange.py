import os

fds = [os.open(__file__, os.O_RDONLY) for _ in range(20)]
os.closerange(fds[0], fds[-1] + 1)
