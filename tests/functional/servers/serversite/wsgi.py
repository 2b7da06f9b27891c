import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "serversite.settings")
from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
import serversite.urls  # noqa: E402,F401
