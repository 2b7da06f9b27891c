"""The audit may pin the process for speed; the application must see the machine as it is."""
import os
import subprocess

with open("affinity", "w") as file:
    file.write(",".join(map(str, sorted(os.sched_getaffinity(0)))) + "\n")
    # nproc(1) heeds OMP_NUM_THREADS, which the zygote sets for native thread pools.
    file.write(subprocess.check_output(["env", "-u", "OMP_NUM_THREADS", "nproc"], text=True))
