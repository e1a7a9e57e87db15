"""The settings: what ``startproject`` writes, and two entries for Engine.IO."""

import os
from pathlib import Path

HERE = Path(__file__).parent

# Everybody knows this one: take another.
SECRET_KEY = os.environ.get("CHAT_SECRET_KEY", "not a secret")
DEBUG = "CHAT_SECRET_KEY" not in os.environ
ALLOWED_HOSTS = os.environ.get("CHAT_HOSTS", "127.0.0.1,localhost").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_engineio",
    "examples.django_chat",
]

ENGINEIO = {"MAX_PAYLOAD": 10_000}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "examples.django_chat.urls"
WSGI_APPLICATION = "examples.django_chat.wsgi.application"
ASGI_APPLICATION = "examples.django_chat.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("CHAT_DATABASE", HERE / "chat.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATICFILES_DIRS = [HERE.parent / "demo/node_modules/engine.io-client/dist"]
