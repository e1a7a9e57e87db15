"""The options as type checkers see them are the options that there are."""

from dataclasses import fields
from typing import get_type_hints

from engineio.config import ALIASES, ServerConfig
from engineio.http.request import Request
from engineio.options import ServerOptions


def test_every_option_has_the_type_of_its_field():
    names = {"Request": Request}
    declared = get_type_hints(ServerConfig, localns=names)
    expected = {item.name: declared[item.name] for item in fields(ServerConfig)}
    expected |= {alias: declared[name] for alias, name in ALIASES.items()}

    assert get_type_hints(ServerOptions, localns=names) == expected


def test_no_option_must_be_given():
    assert not ServerOptions.__required_keys__
