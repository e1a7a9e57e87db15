"""The setting ``ENGINEIO``: read when it is needed, and again after a test has overridden it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from engineio import ConfigError, ServerOptions
from engineio.config import ServerConfig

__all__ = ["Settings", "handlers_module", "read"]

NAME = "ENGINEIO"
HANDLERS_MODULE = "eio"

_OWN = ("ASYNC_MODE", "HANDLERS_MODULE", "SERVERS")
# Plain handlers always run where the ORM may be used, so nothing is left to choose.
_OPTIONS = frozenset(name.upper() for name in ServerOptions.__annotations__) - {"SYNC_HANDLERS"}
# Functions and modules, which a settings module names without importing them.
_IMPORTED = ("allow_request", "generate_id", "json")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``ENGINEIO`` says.

    Attributes:
        async_mode: The mode under WSGI; None for the one that fits the server.
        options: The options of every server.
        servers: The options of single servers, by name.
    """

    async_mode: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    servers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """Return the options of one server."""
        return {**self.options, **self.servers.get(name, {})}


@cache
def read() -> Settings:
    """Return what the setting says.

    Raises:
        ImproperlyConfigured: A key is unknown (the message lists near matches), or a value is
            impossible.
    """
    value = getattr(settings, NAME, {})
    _check_keys(NAME, value, {*_OPTIONS, *_OWN})
    common = _options(NAME, value)
    _check_values(common)
    own = {}
    for name, each in value.get("SERVERS", {}).items():
        where = f"{NAME}['SERVERS'][{name!r}]"
        _check_keys(where, each, _OPTIONS)
        own[name] = _options(where, each)
        _check_values({**common, **own[name]})
    return Settings(value.get("ASYNC_MODE"), common, own)


def handlers_module() -> str:
    """Return the name of the modules that hold handlers, even where the setting has mistakes.

    Those are for the system checks to tell, which run when all applications are loaded.
    """
    return str(getattr(settings, NAME, {}).get("HANDLERS_MODULE", HANDLERS_MODULE))


def _options(where: str, value: Mapping[str, Any]) -> dict[str, Any]:
    options = {key.lower(): item for key, item in value.items() if key in _OPTIONS}
    for name in _IMPORTED:
        if isinstance(options.get(name), str):
            try:
                options[name] = import_string(options[name])
            except ImportError as error:
                raise ImproperlyConfigured(f"{where}[{name.upper()!r}]: {error}") from error
    return options


def _check_keys(where: str, value: Any, known: Iterable[str]) -> None:
    if not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"{where} must be a dict, not {value!r}")
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key).upper(), known, n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ImproperlyConfigured(f"{where} has the unknown key {key!r}{hint}")


def _check_values(options: Mapping[str, Any]) -> None:
    try:
        ServerConfig.build(options)
    except ConfigError as error:
        raise ImproperlyConfigured(f"{NAME}: {error}") from error


def _reset(*, setting: str, **_: object) -> None:
    if setting == NAME:
        read.cache_clear()


setting_changed.connect(_reset, dispatch_uid="django_engineio")
