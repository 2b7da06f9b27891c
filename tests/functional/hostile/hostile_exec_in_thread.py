import os
import threading

thread = threading.Thread(target=os.execv, args=("/bin/true", ["true"]))
thread.start()
thread.join()
