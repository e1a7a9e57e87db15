"""What ``app.config`` says about a server, and with it the environment (``SANIC_ENGINEIO_...``)."""

from __future__ import annotations

from typing import Any, TypeAlias

from sanic import Sanic

__all__ = ["ALLOW_WORKERS", "App", "settings_of"]

App: TypeAlias = Sanic[Any, Any]
"""An application, whatever the classes of its configuration and its context are."""

ALLOW_WORKERS = "ENGINEIO_ALLOW_WORKERS"
"""Whether an application with several workers is served all the same."""

# In the environment a list is a text with commas.
_LISTS = ("cors_allowed_origins", "transports", "trusted_proxies")


def settings_of(app: App, prefix: str) -> dict[str, Any]:
    """Return the options that ``app.config`` has under a prefix: names in lower case, and ``path``.

    Example::

        app.config.ENGINEIO_PING_INTERVAL = 20
        assert settings_of(app, "ENGINEIO_") == {"ping_interval": 20}
    """
    settings = {
        name.removeprefix(prefix).lower(): value
        for name, value in app.config.items()
        if name.startswith(prefix) and name != ALLOW_WORKERS
    }
    for name in _LISTS:
        value = settings.get(name)
        if isinstance(value, str) and "," in value:
            settings[name] = [part.strip() for part in value.split(",")]
    return settings
