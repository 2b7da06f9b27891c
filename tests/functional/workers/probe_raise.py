def fail():
    raise RuntimeError("from the script")


fail()
