import threading

timer = threading.Timer(100000, print)
timer.daemon = True
timer.start()  # LEAK kind=thread
