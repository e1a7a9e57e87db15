"""The conformance application in a plain Django project, wrapped around Django's own.

``python -m django runserver --settings=tests.conformance.application.django_settings`` runs it.
"""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.conformance.application.wsgi import Application


def index(request: HttpRequest) -> HttpResponse:
    """Answer like any Django project."""
    return HttpResponse("hello from Django")


urlpatterns = [path("hello/", index)]

application = Application("threading", beside=get_wsgi_application())
