"""The entry point of WSGI servers, and of ``runserver``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_chat.settings")

from django_engineio.wsgi import get_wsgi_application

application = get_wsgi_application()
