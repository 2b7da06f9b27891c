"""The audit may pin the process for speed; the application must see the machine as it is."""
import os
import subprocess

with open("affinity", "w") as file:
    file.write(",".join(map(str, sorted(os.sched_getaffinity(0)))) + "\n")
    file.write(subprocess.check_output(["nproc"], text=True))
