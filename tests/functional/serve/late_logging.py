"""An application that is imported in the worker only, and configures logging as most do: loggers that exist are off."""
import logging.config

logging.config.dictConfig({"version": 1, "root": {"level": "INFO"}})


def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"{}\n"]
