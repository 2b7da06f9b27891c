import fcntl

lock = open("app.lock", "w")  # LEAK type=file
fcntl.flock(lock, fcntl.LOCK_EX)  # LEAK kind=lock target=app.lock
