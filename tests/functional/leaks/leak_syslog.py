"""SysLogHandler talks to a datagram socket; 127.0.0.1 needs no daemon."""
import logging.handlers

handler = logging.handlers.SysLogHandler(("127.0.0.1", 514))  # LEAK type=socket target=UDP
