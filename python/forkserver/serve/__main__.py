"""python -m forkserver.serve wsgi|asgi|celery ..."""

import sys

from forkserver import serve

KINDS = {"wsgi": serve.wsgi, "asgi": serve.asgi, "celery": serve.celery}


def main() -> int:
    kind = KINDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if kind is None:
        print("usage: python -m forkserver.serve %s ..." % "|".join(KINDS), file=sys.stderr)
        return 2
    return kind(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
