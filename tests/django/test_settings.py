"""The setting ``ENGINEIO``, the system checks, and ``manage.py engineio_info``."""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings

from django_engineio import conf, eio
from tests.django.site.eio import FOUND


def allow(request: Any) -> bool:
    """Let everybody in."""
    return True


def noted(sid: str) -> None:
    """Take note of nothing."""


def ids(**options: Any) -> list[str]:
    """Return the ids of what the checks find."""
    return [each.id for each in run_checks(tags=["engineio"], **options)]


def test_options_are_those_of_the_server() -> None:
    with override_settings(
        ENGINEIO={
            "PING_INTERVAL": 5,
            "ALLOW_REQUEST": "tests.django.test_settings.allow",
            "ASYNC_MODE": "gevent",
            "SERVERS": {"admin": {"PING_INTERVAL": 6}},
        }
    ):
        settings = conf.read()
        assert settings.async_mode == "gevent"
        assert settings.of("default") == {"ping_interval": 5, "allow_request": allow}
        assert settings.of("admin") == {"ping_interval": 6, "allow_request": allow}
    assert conf.read().of("default") == {}


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"PING_INTERVALL": 1}, "unknown key 'PING_INTERVALL'; did you mean PING_INTERVAL"),
        ({"ping_interval": 1}, "did you mean PING_INTERVAL"),
        ({"PING_INTERVAL": -1}, "ping_interval"),
        ({"SYNC_HANDLERS": "inline"}, "unknown key 'SYNC_HANDLERS'"),
        ({"ALLOW_REQUEST": "nowhere.allow"}, "ALLOW_REQUEST"),
        ({"SERVERS": {"admin": {"COKIE": "io"}}}, r"ENGINEIO\['SERVERS'\]\['admin'\].*COOKIE"),
        ({"SERVERS": {"admin": {"MAX_PAYLOAD": 0}}}, "max_payload"),
        ({"SERVERS": {"admin": 1}}, "must be a dict"),
        ([], "ENGINEIO must be a dict"),
    ],
)
def test_mistakes_are_named(value: Any, complaint: str) -> None:
    with override_settings(ENGINEIO=value):
        with pytest.raises(ImproperlyConfigured, match=complaint):
            conf.read()
        assert ids() == ["engineio.E001"]


def test_a_project_in_order_has_nothing_to_say() -> None:
    assert ids() == []
    assert ids(include_deployment_checks=True) == []


def test_a_server_without_a_url_is_found() -> None:
    with override_settings(ROOT_URLCONF="tests.django.test_settings"):
        assert ids() == ["engineio.E002", "engineio.E002"]
    with override_settings(ROOT_URLCONF=None):
        assert ids() == []


# The URLconf of the test above.
urlpatterns: list[Any] = []


def test_entry_points_of_django_itself_are_found() -> None:
    with override_settings(
        WSGI_APPLICATION="tests.django.site.plain.wsgi",
        ASGI_APPLICATION="tests.django.site.plain.asgi",
    ):
        found = run_checks(tags=["engineio"])
        assert [each.id for each in found] == ["engineio.W001"] * 2
        assert "django_engineio.wsgi" in str(found[0].hint)
    with override_settings(
        WSGI_APPLICATION="examples.django_chat.wsgi.application", ASGI_APPLICATION="nowhere.app"
    ):
        assert ids() == []


def test_an_entry_point_that_fails_for_a_mistake_says_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It makes the server, so it cannot be imported with such a setting."""
    monkeypatch.delitem(sys.modules, "examples.django_chat.wsgi", raising=False)
    with override_settings(
        ENGINEIO={"PING_INTERVALL": 5}, WSGI_APPLICATION="examples.django_chat.wsgi.application"
    ):
        assert ids() == ["engineio.E001"]


def test_an_entry_point_that_fails_is_found() -> None:
    with override_settings(ASGI_APPLICATION="tests.django.site.failing.application"):
        (found,) = run_checks(tags=["engineio"])
    assert found.id == "engineio.W003"
    assert "KeyError('DATABASE_URL')" in found.msg


def test_several_processes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert ids(include_deployment_checks=True) == ["engineio.W002"]
    assert ids() == []


def test_handlers_of_all_applications_are_imported() -> None:
    assert FOUND
    assert apps.get_app_config("engineio").verbose_name == "Engine.IO"
    with override_settings(ENGINEIO={"HANDLERS_MODULE": "realtime"}):
        assert conf.handlers_module() == "realtime"
        assert ids() == []


def test_the_command() -> None:
    async def received(sid: str, data: str) -> None:
        """Take nothing."""

    eio.on_message(received)
    eio.on("heartbeat", noted)
    out = StringIO()

    with override_settings(ENGINEIO={"PING_INTERVAL": 5}):
        call_command("engineio_info", stdout=out, no_color=True)

    text = out.getvalue()
    default, _, admin = text.partition("server 'admin'")
    assert "URL          /engine.io/" in default
    assert "received (async)" in default
    assert "connect      -" in default
    assert "heartbeat    tests.django.test_settings.noted" in default
    assert "ping_interval = 5" in default
    assert "URL          /rt/admin" in admin
    assert "max_payload = 1000" in admin


def test_the_command_without_urls() -> None:
    out = StringIO()
    with override_settings(ROOT_URLCONF="tests.django.test_settings"):
        call_command("engineio_info", stdout=out, no_color=True)
    assert "none: see manage.py check" in out.getvalue()
