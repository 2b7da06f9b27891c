import logging

handler = logging.FileHandler("app.log")  # LEAK type=file target=app.log flags=O_WRONLY,O_APPEND
logging.getLogger("app").addHandler(handler)
