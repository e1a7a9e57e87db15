"""The URLs of the default server: ``path("engine.io/", include("django_engineio.urls"))``."""

from __future__ import annotations

from .integration import eio

__all__ = ["app_name", "urlpatterns"]

urlpatterns, app_name, _ = eio.urls
