import os

pid = os.posix_spawn("/bin/true", ["true"], os.environ)
assert os.waitpid(pid, 0)[1] == 0
pid = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
os.waitpid(pid, 0)
