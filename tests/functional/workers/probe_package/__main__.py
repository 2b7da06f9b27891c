import sys

import probe_app

if __name__ == "__main__":
    assert sys.modules["__main__"].__dict__ is globals()
    probe_app.report()
