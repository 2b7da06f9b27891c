from leakpkg.first import second
