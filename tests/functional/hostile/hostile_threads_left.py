import threading

stop = threading.Event()
threads = [threading.Thread(target=stop.wait, daemon=True) for _ in range(300)]
for thread in threads:
    thread.start()  # LEAK kind=thread n=300
