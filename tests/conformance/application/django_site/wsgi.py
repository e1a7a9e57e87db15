"""``gunicorn tests.conformance.application.django_site.wsgi``, or ``runserver``."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from engineio.sync.concurrency import load

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "tests.conformance.application.django_site.settings"
)

from django_engineio.wsgi import get_wsgi_application  # it needs the settings
from tests.conformance.application.django_site.servers import ledger, made, named
from tests.conformance.application.sync import SyncApplication
from tests.conformance.application.wsgi import Application


class Site(Application):
    """The whole of Django, in the place of servers that stand for themselves."""

    def __init__(self) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._concurrency = load("threading")
        self._applications = dict(
            zip(named, made(SyncApplication, lambda server: server), strict=True)
        )
        self._django = get_wsgi_application()
        self._inner = self._route

    def _route(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        app = self._other if environ["PATH_INFO"] == "/bare" else self._django
        return app(environ, start_response)


application = Site()

# The ledger counts what is left after a collection, which takes half a second with all of Django in
# memory. None of that will ever be garbage.
gc.freeze()
