"""The ``async_mode`` option: found through entry points, and never guessed by importing."""

import sys
import types

import pytest

from engineio import modes
from engineio.errors import ConfigError
from engineio.http.request import Headers, Request
from engineio.modes import (
    ASYNC_MODES,
    SYNC_MODES,
    fitting_sync_mode,
    resolve_async_mode,
    resolve_sync_mode,
)


class Mode:
    """What a framework package would offer."""

    def attach(self, server: object, app: object, engineio_path: str) -> None:
        """Take note of nothing."""

    def refusal(self, error: Exception, request: object) -> None:
        """Know no exception."""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with modes, as pip would leave it on disk, and nothing else."""

    def install(*names):
        folder = tmp_path / "some_engineio-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: some-engineio\nVersion: 1.0")
        lines = [f"{name} = some_engineio_modes:{name}" for name in names]
        (folder / "entry_points.txt").write_text("\n".join(["[engineio.modes]", *lines]))
        module = types.ModuleType("some_engineio_modes")
        for name in names:
            setattr(module, name, Mode())
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        return module

    return install


def test_the_core_holds_asgi():
    assert resolve_async_mode("asgi")[0] == "asgi"


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (["sanic", "tornado", "aiohttp"], "aiohttp"),
        (["sanic", "tornado"], "tornado"),
        (["sanic"], "sanic"),
        (["something_else"], "asgi"),
    ],
)
def test_without_a_name_the_first_that_is_installed_is_chosen(install, installed, chosen):
    """The order is aiohttp, tornado, sanic, asgi."""
    install(*installed)

    assert resolve_async_mode(None)[0] == chosen


def test_a_mode_of_another_package_is_loaded(install):
    module = install("tornado")

    assert resolve_async_mode("tornado") == ("tornado", module.tornado)


def test_a_mode_that_is_not_chosen_is_not_loaded(install):
    module = install("tornado", "sanic")
    del module.sanic

    assert resolve_async_mode(None)[0] == "tornado"


@pytest.mark.parametrize("name", [name for name in ASYNC_MODES if name != "asgi"])
def test_a_mode_that_is_not_installed_names_its_package(install, name):
    install("something_else")

    with pytest.raises(ConfigError, match=f"needs the package {name}-engineio"):
        resolve_async_mode(name)


@pytest.mark.parametrize("name", ["", "ASGI", "threading", "something_else"])
def test_an_unknown_mode_is_an_error_that_lists_them(install, name):
    install("something_else")

    with pytest.raises(ConfigError, match="there are aiohttp, tornado, sanic, asgi"):
        resolve_async_mode(name)


def test_asgi_knows_no_exception_that_is_an_answer():
    _, mode = resolve_async_mode("asgi")

    assert mode.refusal(RuntimeError(), Request("GET", "/", "", Headers())) is None


def test_asgi_does_not_attach():
    _, mode = resolve_async_mode("asgi")

    with pytest.raises(ConfigError, match=r"wrap the application in engineio\.ASGIApp"):
        mode.attach(object(), object(), "engine.io")


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"eventlet", "gevent", "uwsgi"}, "eventlet"),
        ({"gevent", "uwsgi"}, "gevent_uwsgi"),
        ({"gevent"}, "gevent"),
        ({"uwsgi"}, "threading"),
        (set(), "threading"),
    ],
)
def test_of_the_modes_for_threads_and_greenlets_the_first_usable_one_is_chosen(
    monkeypatch, there, chosen
):
    """The order is eventlet, gevent_uwsgi, gevent, threading."""
    for name in ("eventlet", "gevent", "uwsgi"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(modes, "_is_installed", there.__contains__)

    assert resolve_sync_mode(None) == chosen
    assert resolve_sync_mode(chosen) == chosen


@pytest.mark.parametrize(
    ("name", "there", "message"),
    [
        ("gevent", set(), "needs gevent: install it"),
        ("eventlet", {"gevent"}, "needs eventlet: install it"),
        ("gevent_uwsgi", {"gevent"}, "inside the uWSGI server alone"),
        ("asgi", {"gevent"}, "there are eventlet, gevent_uwsgi, gevent, threading"),
    ],
)
def test_a_mode_that_is_not_usable_says_why(monkeypatch, name, there, message):
    for module in ("eventlet", "gevent", "uwsgi"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(modes, "_is_installed", there.__contains__)

    with pytest.raises(ConfigError, match=message):
        resolve_sync_mode(name)


def test_inside_uwsgi_its_module_has_no_file(monkeypatch):
    monkeypatch.setitem(sys.modules, "uwsgi", types.ModuleType("uwsgi"))
    monkeypatch.setitem(sys.modules, "gevent", types.ModuleType("gevent"))

    assert resolve_sync_mode("gevent_uwsgi") == "gevent_uwsgi"
    assert list(SYNC_MODES)[-1] == "threading"


@pytest.mark.parametrize(
    ("module", "function", "mode"),
    [
        ("gevent.monkey", "is_module_patched", "gevent"),
        ("eventlet.patcher", "is_monkey_patched", "eventlet"),
    ],
)
def test_what_a_server_has_patched_tells_which_mode_fits(monkeypatch, module, function, mode):
    """What is merely imported is no reason."""
    for name in ("uwsgi", "gevent.monkey", "eventlet.patcher"):
        monkeypatch.setitem(sys.modules, name, None)
    assert fitting_sync_mode() == "threading"

    for patched in (False, True):
        stand_in = types.ModuleType(module)
        setattr(stand_in, function, lambda name, patched=patched: patched and name == "socket")
        monkeypatch.setitem(sys.modules, module, stand_in)
        assert fitting_sync_mode() == (mode if patched else "threading")


@pytest.mark.parametrize(
    ("options", "mode"), [({"gevent": b"100"}, "gevent_uwsgi"), ({"threads": b"8"}, "threading")]
)
def test_uwsgi_tells_how_it_was_started(monkeypatch, options, mode):
    for name in ("gevent.monkey", "eventlet.patcher"):
        monkeypatch.setitem(sys.modules, name, None)
    uwsgi = types.ModuleType("uwsgi")
    monkeypatch.setattr(uwsgi, "opt", options, raising=False)
    monkeypatch.setitem(sys.modules, "uwsgi", uwsgi)

    assert fitting_sync_mode() == mode
