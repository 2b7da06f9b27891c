import os

os.mkfifo("fifo")
fd = os.open("fifo", os.O_RDWR)  # LEAK type=fifo target=fifo
