import subprocess

child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # LEAK kind=process target=cat; type=pipe n=2
