"""The URLs: pages, and ``engine.io/``."""

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from examples.django_chat import views

urlpatterns = [
    path("", views.home),
    path("login", views.enter),
    path("announce", views.announce),
    path("engine.io/", include("django_engineio.urls")),
    *staticfiles_urlpatterns(),
]
