"""The settings: what ``startproject`` writes, with Channels and a channel layer."""

import os
from pathlib import Path

HERE = Path(__file__).parent

# Everybody knows this one: take another.
SECRET_KEY = os.environ.get("CHAT_SECRET_KEY", "not a secret")
DEBUG = "CHAT_SECRET_KEY" not in os.environ
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    # In front of staticfiles: it makes `runserver` serve ASGI.
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "examples.channels_chat.urls"
ASGI_APPLICATION = "examples.channels_chat.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [HERE]}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("CHAT_DATABASE", HERE / "chat.sqlite3"),
    }
}
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE.parent / "demo/node_modules/engine.io-client/dist"]

# One process hears itself; several hear each other through Redis.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if "CHAT_REDIS" in os.environ:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py takes five seconds without a message for a failure, unless it is told not to.
        "CONFIG": {"hosts": [{"address": os.environ["CHAT_REDIS"], "socket_timeout": None}]},  # type: ignore[dict-item]  # settings have no type
    }
