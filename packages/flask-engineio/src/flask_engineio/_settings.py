"""The configuration of one server: ``ENGINEIO_*`` in ``app.config``, over the options in code."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

import flask

from engineio.errors import ConfigError
from engineio.modes import fitting_sync_mode
from engineio.options import ServerOptions

__all__ = ["Settings"]


class Settings(NamedTuple):
    """What a server is made of.

    Attributes:
        path: Where clients connect, without slashes at its ends.
        async_mode: As for `engineio.Server`.
        options: The fields of `engineio.config.ServerConfig`.
    """

    path: str
    async_mode: str
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls, config: flask.Config, prefix: str, path: str, async_mode: str | None, options: Any
    ) -> Settings:
        """Return the settings of an application: its configuration wins over what code says.

        Args:
            config: The configuration.
            prefix: What the names of the options begin with there.
            path: Used where the configuration has none.
            async_mode: The same.
            options: The same.

        Raises:
            ConfigError: A name with this prefix is unknown; the message lists near matches.
        """
        given = config.get_namespace(prefix)
        known = [*ServerOptions.__annotations__, "path", "async_mode"]
        for name in given:
            if name not in known:
                raise ConfigError(_unknown(name, known, prefix))
        values = {"path": path, "async_mode": async_mode, **options, **given}
        where, mode = values.pop("path"), values.pop("async_mode")
        if not isinstance(where, str):
            raise ConfigError(f"{prefix}PATH must be text, not {where!r}")
        return cls(where.strip("/"), mode or fitting_sync_mode(), values)


def _unknown(name: str, known: list[str], prefix: str) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    names = " or ".join(prefix + each.upper() for each in near)
    hint = f"; did you mean {names}?" if near else ""
    return f"unknown option {prefix}{name.upper()} in the configuration{hint}"
