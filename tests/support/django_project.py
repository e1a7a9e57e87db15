"""One Django project for the tests in this process: a process can hold only one."""

from __future__ import annotations

import atexit
import shutil
import tempfile

import django
from django.conf import settings

__all__ = ["set_up"]


def set_up() -> None:
    """Set Django up, with a database of its own on disk; what is set up already stays."""
    if settings.configured:
        return
    folder = tempfile.mkdtemp(prefix="engineio-django-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings.configure(
        SECRET_KEY="of a test",
        ALLOWED_HOSTS=["testserver", "127.0.0.1"],
        ROOT_URLCONF="tests.support.django_project",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db.sqlite3"}
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )
    django.setup(set_prefix=False)


urlpatterns: list[object] = []
