"""open() at import, never closed."""
log = open("app.log", "a")  # LEAK type=file syscall=openat target=app.log flags=O_WRONLY,O_APPEND
