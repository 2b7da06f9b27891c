import gc

gc.disable()
gc.freeze()
gc.enable()
gc.set_threshold(1, 1, 1)
