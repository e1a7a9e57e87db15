"""``app.register_extension(extension)``, which Flask itself does not have.

What lives here: the method, a typed `Flask` that has it, and its place in a plain `flask.Flask`,
which gets it when this package is imported.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import flask

__all__ = ["ExtensionMixin", "Flask"]


class Extension(Protocol):
    """What every Flask extension has."""

    def init_app(self, app: Any, /) -> Any:
        """Set the extension up for an application."""


E = TypeVar("E", bound=Extension)


class ExtensionMixin:
    """Gives a class of applications the method `register_extension`."""

    def register_extension(self, extension: E, **options: Any) -> E:
        """Call ``extension.init_app(app, **options)``, for any extension, and return the extension.

        Example::

            app = flask_engineio.Flask(__name__)
            eio = app.register_extension(EngineIO())
        """
        extension.init_app(self, **options)
        return extension


class Flask(ExtensionMixin, flask.Flask):
    """`flask.Flask` with `register_extension`, as a type checker sees it too."""


# A Flask that has one day a method of this name keeps its own.
if not hasattr(flask.Flask, "register_extension"):
    flask.Flask.register_extension = ExtensionMixin.register_extension  # type: ignore[attr-defined]  # it has none: see above
