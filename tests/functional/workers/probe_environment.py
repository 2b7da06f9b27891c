"""The environment as Python has it and as a child gets it from C."""
import os
import subprocess

import probe_app

text = subprocess.check_output(["/usr/bin/env", "-0"], text=True)
seen = dict(entry.split("=", 1) for entry in text.split("\0") if entry)
probe_app.write({"python": dict(os.environ), "c": seen}, "environment")
probe_app.wait()
