"""The settings of the project under test."""

import os
import tempfile
from typing import Any

SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.django.site.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_engineio",
    "tests.django.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.gzip.GZipMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("TEST_DATABASE", ":memory:"),
        # In a file, because SQLite keeps a database in memory open, whoever closes it.
        "TEST": {"NAME": f"{tempfile.gettempdir()}/django-engineio-{os.getpid()}.sqlite3"},
    }
}
# Quick, and safe enough for a test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ENGINEIO: dict[str, Any] = {"SERVERS": {"admin": {"PING_INTERVAL": 7}}}
