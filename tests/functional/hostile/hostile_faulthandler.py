import faulthandler

faulthandler.enable()
faulthandler.dump_traceback_later(100000)  # LEAK kind=thread
