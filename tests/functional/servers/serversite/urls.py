from django.http import HttpResponse
from django.urls import path

import server_app


def index(request):
    return HttpResponse(server_app.answer(request.path), content_type="text/plain")


urlpatterns = [path("", index)]
