import threading

opened = threading.Event()


def run():
    with open(__file__):  # LEAK type=file func=run thread=reader
        opened.set()
        threading.Event().wait()


thread = threading.Thread(target=run, name="reader", daemon=True)
thread.start()  # LEAK kind=thread name=reader
opened.wait()
