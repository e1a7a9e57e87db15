"""The settings of a plain Django project: the least that ``runserver`` runs with."""

DEBUG = True
SECRET_KEY = "for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.conformance.application.django_wsgi"
WSGI_APPLICATION = "tests.conformance.application.django_wsgi.application"
# Its own lines, one a request, are left out. What it says of failures is not.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}
