"""reload_app for servers that want the callable itself."""
from reload_app import make

application = make()
