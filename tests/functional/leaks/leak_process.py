import subprocess

child = subprocess.Popen(["sleep", "100000"])  # LEAK kind=process target=sleep
