import threading


def run():
    threading.Event().wait()


thread = threading.Thread(target=run, name="poller", daemon=True)
thread.start()  # LEAK kind=thread name=poller
