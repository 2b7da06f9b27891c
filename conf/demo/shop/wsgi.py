"""The web application."""
import os

import flask

from shop import catalog, log

application = flask.Flask("shop")


@application.get("/")
def index():
    log.write("GET /")
    return f"worker {os.getpid()} sells {len(catalog.PRODUCTS)} teapots\n"


@application.get("/products/<int:number>")
def product(number):
    log.write(f"GET /products/{number}")
    found = catalog.find(number)
    if found is None:
        flask.abort(404)
    return flask.jsonify(worker=os.getpid(), **found.as_dict())
