import threading


def work():
    with open(__file__) as file:
        file.read()


threads = [threading.Thread(target=work) for _ in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
