import threading

kept = []


def work():
    kept.append(open(__file__))  # LEAK type=file func=work thread=opener


thread = threading.Thread(target=work, name="opener")
thread.start()
thread.join()
