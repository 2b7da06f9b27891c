import subprocess

version = subprocess.run(["uname", "-r"], stdout=subprocess.PIPE, check=True).stdout
shell = subprocess.check_output("exec 9</etc/passwd; echo hello", shell=True)
assert shell == b"hello\n"
