import os

for _ in range(10):
    pid = os.fork()
    if pid == 0:
        open(__file__)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
