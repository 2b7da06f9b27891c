"""A Django project in one file: models, a template, a view, its WSGI application.  Eager: its database
is connected at import."""
import os

import django
from django.conf import settings

import app_result

settings.configure(
    SECRET_KEY="test", ROOT_URLCONF="app_django", ALLOWED_HOSTS=["*"], USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": app_result.place("django.db")}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.urls import path

TEMPLATE = engines["django"].from_string("{% for user in users %}{{ user.username }};{% endfor %}")


def index(request):
    return HttpResponse(TEMPLATE.render({"users": User.objects.order_by("id")}))


urlpatterns = [path("", index)]
application = get_wsgi_application()
if app_result.EAGER:
    connection.ensure_connection()


def work():
    from django.test import Client
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = \
        app_result.place("django-%d.db" % os.getpid())
    call_command("migrate", verbosity=0)
    for number in range(5):
        User.objects.create_user("user%d" % number, password="secret")
    client = Client()
    return {"page": client.get("/").content.decode(),
            "login": client.login(username="user1", password="secret"),
            "wrong": client.login(username="user1", password="guess"),
            "status": client.get("/no").status_code}


def run():
    app_result.run(work)
