import os

fd = os.open(__file__, os.O_RDONLY)  # LEAK type=file target=leak_os_open.py
