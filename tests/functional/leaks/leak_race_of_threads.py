"""Four threads open and close at once; what each keeps is blamed on it."""
import threading

kept = []
barrier = threading.Barrier(4)


def work():
    barrier.wait()
    for _ in range(50):
        with open(__file__):
            pass
    kept.append(open(__file__))  # LEAK type=file func=work thread=racer n=4


threads = [threading.Thread(target=work, name="racer") for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
