"""Where an application keeps its Engine.IO servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask.sansio.app import App

    from ._binding import Binding

__all__ = ["EXTENSION", "bindings_of"]

EXTENSION = "engineio"
"""The key of the first `EngineIO` in ``app.extensions``, as extensions are looked for."""

_BINDINGS = "engineio.bindings"


def bindings_of(app: App) -> dict[Any, Binding]:
    """Return the servers of an application by their `EngineIO`."""
    bindings: dict[Any, Binding] = app.extensions.setdefault(_BINDINGS, {})
    return bindings
