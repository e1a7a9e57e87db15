"""The cookie that tells a load balancer which server holds a session.

What lives here: the option ``cookie``, its checks and its header. The cookie is written only;
nothing ever reads a session id from it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError
from .response import Header

__all__ = ["SessionCookie"]

# The three character sets of RFC 6265 section 4.1.1; none holds a byte that could end an attribute
# or the header field (faults.md F-92, SEC-44).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_PATH = re.compile(r"/[\x20-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")

_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}

# In the order of the header.
_DEFAULTS: Mapping[str, Any] = {
    "name": "io",
    "path": "/",
    "domain": None,
    "max_age": None,
    "httponly": True,
    "samesite": "Lax",
    "secure": None,
}
# The same without what users spell in different ways.
_SPELLINGS = {name.replace("_", ""): name for name in _DEFAULTS}


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A cookie, all but its value.

    Attributes:
        name: Its name.
        attributes: Its attributes as they stand in the header, ``Secure`` left out.
        secure: True for always, False for never, None for requests over https.
    """

    name: str
    attributes: str
    secure: bool | None

    @classmethod
    def build(cls, option: str | Mapping[str, Any] | None) -> SessionCookie | None:
        """Return the cookie that the option ``cookie`` describes, None for none.

        Args:
            option: The name of a cookie with ``Path=/``, ``HttpOnly``, ``SameSite=Lax`` and, over
                https, ``Secure``; or a mapping with any of ``name`` ("io"), ``path`` (False or None
                for no path), ``domain``, ``max_age`` (seconds), ``httponly``, ``samesite`` (False
                or None for none) and ``secure``. Spellings like ``httpOnly`` and ``max-age`` are
                understood.

        Raises:
            ConfigError: An attribute is unknown, impossible, or contradicts another one.
        """
        if option is None:
            return None
        if isinstance(option, str):
            option = {"name": option}
        if not isinstance(option, Mapping):
            raise ConfigError(f"cookie must be a name, a mapping or None, not {option!r}")
        values = {**_DEFAULTS, **_known(option)}
        name = _name(values.pop("name"))
        secure = _secure(values.pop("secure"))
        attributes = {key: _ATTRIBUTES[key](value) for key, value in values.items()}
        if attributes["samesite"] == "; SameSite=None":
            secure = _must_be_secure(secure, "samesite 'None'")
        if name.startswith(("__Secure-", "__Host-")):
            secure = _must_be_secure(secure, f"the name {name!r}")
        if name.startswith("__Host-") and (
            attributes["path"] != "; Path=/" or attributes["domain"]
        ):
            raise ConfigError(f"cookie: the name {name!r} requires the path '/' and no domain")
        return cls(name, "".join(attributes.values()), secure)

    def header(self, sid: str, *, secure: bool) -> Header:
        """Return the field that sets the cookie.

        Args:
            sid: Its value.
            secure: Whether the client has asked over https.

        Raises:
            ValueError: ``sid`` holds a character that no cookie may hold.
        """
        if _VALUE.fullmatch(sid) is None:
            raise ValueError("this session id cannot be the value of a cookie")
        is_secure = secure if self.secure is None else self.secure
        end = "; Secure" if is_secure else ""
        return ("Set-Cookie", f"{self.name}={sid}{self.attributes}{end}")


def _known(option: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in option.items():
        name = _SPELLINGS.get(str(key).lower().replace("-", "").replace("_", ""))
        if name is None:
            near = difflib.get_close_matches(str(key).lower(), _DEFAULTS)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ConfigError(f"cookie: unknown attribute {key!r}{hint}")
        if name in values:
            raise ConfigError(f"cookie: the attribute {name!r} is given twice")
        values[name] = value
    return values


def _name(value: object) -> str:
    return _text("name", value, _NAME)


def _path(value: object) -> str:
    return "" if value is None or value is False else f"; Path={_text('path', value, _PATH)}"


def _domain(value: object) -> str:
    return "" if value is None else f"; Domain={_text('domain', value, _DOMAIN)}"


def _max_age(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"cookie: max_age must be a number of seconds from 1, not {value!r}")
    return f"; Max-Age={value}"


def _httponly(value: object) -> str:
    return "; HttpOnly" if _flag("httponly", value) else ""


def _samesite(value: object) -> str:
    if value is None or value is False:
        return ""
    mode = _SAME_SITE.get(value.lower()) if isinstance(value, str) else None
    if mode is None:
        raise ConfigError(f"cookie: samesite must be Strict, Lax, None or False, not {value!r}")
    return f"; SameSite={mode}"


_ATTRIBUTES: Mapping[str, Callable[[object], str]] = {
    "path": _path,
    "domain": _domain,
    "max_age": _max_age,
    "httponly": _httponly,
    "samesite": _samesite,
}


def _text(name: str, value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ConfigError(f"cookie: impossible {name} {value!r}")
    return value


def _flag(name: str, value: object) -> bool:
    # A text such as "false" would count as true.
    if not isinstance(value, bool):
        raise ConfigError(f"cookie: {name} must be True or False, not {value!r}")
    return value


def _secure(value: object) -> bool | None:
    return None if value is None else _flag("secure", value)


def _must_be_secure(secure: bool | None, cause: str) -> bool:
    # Browsers refuse the cookie otherwise.
    if secure is False:
        raise ConfigError(f"cookie: {cause} requires secure")
    return True
