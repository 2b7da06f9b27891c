def descend():
    descend()


descend()
