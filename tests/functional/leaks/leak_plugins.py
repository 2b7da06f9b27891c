"""Two plugins of identical shape, imported in a loop: each is blamed with its own file."""
import importlib

plugins = [importlib.import_module("leakpkg.plugins." + name) for name in ("alpha", "beta")]
