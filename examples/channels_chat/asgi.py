"""The application: ``uvicorn examples.channels_chat.asgi:application``, or another ASGI server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.channels_chat.settings")
# First of all, because it sets Django up.
django_application = get_asgi_application()

from channels_engineio import EngineIORouter  # noqa: E402  # see above
from examples.channels_chat.consumers import ChatConsumer  # noqa: E402  # see above

application = EngineIORouter({"rooms/<slug:room>/engine.io/": ChatConsumer}, django_application)
