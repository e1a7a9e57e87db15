"""``gunicorn tests.conformance.application.django_site.wsgi``, or ``runserver``."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "tests.conformance.application.django_site.settings"
)

from django_engineio.wsgi import get_wsgi_application  # it needs the settings
from tests.conformance.application.django_site.servers import ledger, made, named
from tests.conformance.application.sync import SyncApplication, SyncApplications
from tests.conformance.application.wsgi import WSGI, Application


class Site(Application):
    """The whole of Django, in the place of servers that stand for themselves."""

    def __init__(self) -> None:
        super().__init__("threading")
        # Behind the hooks, which must be there when a server begins.
        self._django = get_wsgi_application()
        # That of the servers, which Django has made.
        self.ledger = ledger

    def build(self) -> tuple[SyncApplications, WSGI]:
        servers = made(SyncApplication, lambda server: server)
        return dict(zip(named, servers, strict=True)), self._route

    def _route(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        app = self.other if environ["PATH_INFO"] == "/bare" else self._django
        return app(environ, start_response)


application = Site()

# The ledger counts what is left after a collection, which takes half a second with all of Django in
# memory. None of that will ever be garbage.
gc.freeze()
