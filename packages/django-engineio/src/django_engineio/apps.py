"""The application for ``INSTALLED_APPS``: checks, and the handlers of all other applications."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from . import checks
from .conf import handlers_module

__all__ = ["EngineIOConfig", "SimpleEngineIOConfig"]


class SimpleEngineIOConfig(AppConfig):
    """Leaves it to the project to import the modules with its handlers."""

    name = "django_engineio"
    label = "engineio"
    verbose_name = "Engine.IO"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register()


class EngineIOConfig(SimpleEngineIOConfig):
    """Imports the module ``eio`` of every application: what ``"django_engineio"`` stands for."""

    default = True

    def ready(self) -> None:
        """Register the system checks, and import the handlers."""
        super().ready()
        autodiscover_modules(handlers_module())
