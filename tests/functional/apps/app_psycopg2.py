"""psycopg2 without a server: what libpq and the adapters do on this side of the connection."""
import datetime
import socket

import psycopg2
import psycopg2.extensions
import psycopg2.extras

import app_result

psycopg2.extras.register_uuid()


def refused():
    """libpq resolves, connects, is refused, and says so."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        try:
            psycopg2.connect(host="127.0.0.1", port=closed.getsockname()[1], dbname="x", user="x",
                             connect_timeout=30)
        except psycopg2.OperationalError as error:
            return "refused" in str(error)
    return False


def work():
    adapt = psycopg2.extensions.adapt
    return {"text": adapt("it's").getquoted().decode(),
            "date": adapt(datetime.date(2024, 2, 29)).getquoted().decode(),
            "json": adapt(psycopg2.extras.Json({"a": [1, 2]})).getquoted().decode(),
            "dsn": psycopg2.extensions.parse_dsn("postgresql://me@host:5433/shop"), "refused": refused()}


def run():
    app_result.run(work)
