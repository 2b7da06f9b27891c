"""gevent's monkey patching as a module, to be the first one that a zygote imports:

    preload = forkserver.serve.patch_gevent, shop.wsgi

What is imported before the standard library is patched keeps the blocking functions that it has taken.
"""

from gevent import monkey

monkey.patch_all()
