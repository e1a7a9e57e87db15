"""``flask engineio info``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from ._binding import Binding
from ._registry import bindings_of

__all__ = ["info"]


@with_appcontext
def info() -> None:
    """Print what the servers of the application are set up for."""
    for binding in bindings_of(current_app).values():
        click.echo(f"{binding.eio.name}")
        for name, value in _facts(binding):
            click.echo(f"  {name:<16}{value}")


def _facts(binding: Binding) -> list[tuple[str, str]]:
    config = binding.server.config
    origins = config.cors_allowed_origins
    return [
        ("path", binding.rule),
        ("async mode", binding.server.async_mode),
        ("transports", ", ".join(config.transports)),
        ("upgrades", "on" if config.allow_upgrades else "off"),
        ("heartbeat", f"every {config.ping_interval:g} s, timeout {config.ping_timeout:g} s"),
        ("largest message", f"{config.max_payload} bytes"),
        ("origins", "the same origin" if origins is None else str(origins)),
        ("revisions", "3 and 4" if config.allow_eio3 else "4"),
    ]
