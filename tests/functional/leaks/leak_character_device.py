import os

fd = os.open("/dev/zero", os.O_RDONLY)  # LEAK target=/dev/zero
