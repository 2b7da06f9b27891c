"""What the first request and the first task do, done once in the zygote: imports, mostly."""

from wsgiref.util import setup_testing_defaults

from django.db import connections

from orders.models import Order
from shop.celery import app
from shop.wsgi import application


def run():
    environ = {"PATH_INFO": "/admin/login/", "HTTP_HOST": "localhost"}  # a page that needs no database
    setup_testing_defaults(environ)
    application(environ, lambda status, headers: None).close()
    str(Order.objects.all().query)  # compiles SQL; nothing connects
    app.loader.import_default_modules()  # the tasks
    app.finalize()
    app.connection_for_write().transport  # its module; nothing connects yet
    connections.close_all()  # should one have been made all the same
