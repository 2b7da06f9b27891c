# NEEDS probe
import fcntl

with open("leased", "w"):
    pass
handle = open("leased")  # LEAK type=file
fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)  # LEAK kind=lock target=leased
