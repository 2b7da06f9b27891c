import probe_app

if __name__ == "__main__":
    probe_app.work()
