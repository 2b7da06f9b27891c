import fcntl
import struct

F_OFD_SETLK = 37
lock = open("app.lock", "w")  # LEAK type=file
fcntl.fcntl(lock, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # LEAK kind=lock target=app.lock
