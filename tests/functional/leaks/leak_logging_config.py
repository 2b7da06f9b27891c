import logging.config

SETTINGS = {
    "version": 1,
    "handlers": {"file": {"class": "logging.handlers.RotatingFileHandler", "filename": "app.log"}},
    "root": {"handlers": ["file"]},
}
logging.config.dictConfig(SETTINGS)  # LEAK type=file target=app.log
