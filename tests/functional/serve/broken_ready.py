"""What serve makes ready for the workers fails, as it might with a version of gunicorn that nobody has seen yet."""
import forkserver.serve


def make_ready(kind, arguments):
    raise LookupError("no such setting")


forkserver.serve.make_ready = make_ready
