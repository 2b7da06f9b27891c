"""A Django project, set up as a WSGI server has it, with its URLs and templates loaded."""
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "corpus_site.settings")
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.template.loader import get_template  # noqa: E402

application = get_wsgi_application()
import corpus_site.urls  # noqa: E402,F401
get_template("admin/login.html")
