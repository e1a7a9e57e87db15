"""The entry point of ASGI servers."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_chat.settings")

from django_engineio.asgi import get_asgi_application

application = get_asgi_application()
