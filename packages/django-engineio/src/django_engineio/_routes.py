"""Where the servers are, as the URLconf says."""

from __future__ import annotations

import logging

from django.urls import NoReverseMatch, get_resolver

from .integration import EngineIO, servers

__all__ = ["known_servers", "routes", "spellings"]

logger = logging.getLogger(__name__)


def known_servers() -> list[EngineIO]:
    """Return all servers of this process, those included that the URLconf makes."""
    # It is imported when somebody first looks into it.
    _ = get_resolver().url_patterns
    return servers()


def routes() -> dict[EngineIO, str]:
    """Return the path of each server that has one."""
    found = {}
    for eio in known_servers():
        try:
            found[eio] = eio.path
        except NoReverseMatch:
            # The system check engineio.E002 says how to mend it.
            logger.error("the Engine.IO server %r has no URL: nobody can connect", eio.name)
    return found


def spellings() -> dict[str, EngineIO]:
    """Return the server of each path, with and without the last slash."""
    return {
        spelling: eio
        for eio, path in routes().items()
        for spelling in (path.rstrip("/") + "/", path.rstrip("/"))
    }
