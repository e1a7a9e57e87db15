"""The servers on which every scenario runs: one row each.

What a server cannot do stands in its row, with the reason; the scenarios say what happens instead.
"""

from tests.conformance.harness.deployment import Ability, Deployment

__all__ = ["ACCEPTING", "DEPLOYMENTS", "SELDOM"]


def _own_server(name: str) -> tuple[str, ...]:
    """The command of a server that its users start in a program of their own."""
    return ("tests.conformance.application.serve", name, "--host={host}", "--port={port}")


_ASGI = "tests.conformance.application.asgi:app"
_UVICORN = ("uvicorn", _ASGI, "--host={host}", "--port={port}", "--log-level=warning")
_WSGI = "tests.conformance.application.wsgi"
_GUNICORN = ("gunicorn", "--workers=1", "--bind={host}:{port}", "--log-level=warning")
_RUNSERVER = ("django", "runserver", "--settings=tests.conformance.application.django_settings")
_DROPS_EARLY_FRAMES = "its HTTP parser drops what follows the request in the same segment"
_DROPS_HALF_CLOSED = "it drops a client that has sent FIN"
_COUNTS_ARRIVED = "it counts the bytes that arrive, not those announced"
_LOGS_BAD_HEADS = "it logs a traceback for a head that is cut off or has too many fields"
_ONE_REQUEST = "it closes every connection after one request"
_TAKES_FIRST = "it takes the first of them"
_ONE_SLASH = "its HTTP parser makes one slash of those that a target begins with"
_CAPS_FRAGMENTS = "over 4 096 fragments it is closed with 1008"
_AIOHTTP = ("tests.conformance.application.aiohttp_app", "--host={host}", "--port={port}")
_FASTAPI = ("uvicorn", "tests.conformance.application.fastapi_app:app", *_UVICORN[2:])
_SANIC = ("tests.conformance.application.sanic_app", "--host={host}", "--port={port}")
_TORNADO = ("tests.conformance.application.tornado_app", "--host={host}", "--port={port}")
_CHANNELS = "tests.conformance.application.channels_app:app"
_DJANGO = "tests.conformance.application.django_site"
_WAITS_FOR_ALL = "it waits for every connection, and so for the whole shutdown_timeout"
_LOOKS_NOW_AND_THEN = "its workers look for the stop signal once a second"
_LOGS_TRACEBACKS = "it logs a traceback for header fields that are not ASCII"
_AIOHTTP_CANNOT = {
    Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
    Ability.CODED_BODY: "it undoes codings itself, and refuses those that it cannot undo",
    Ability.PROMPT_END: "it throws away what still comes, for 10 s at the most",
    Ability.MASKING: "its reader takes frames that are not masked",
    Ability.QUIET: "it logs a traceback for each request that its parser refuses",
}
_TORNADO_CANNOT = {
    Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
    Ability.MANY_FRAGMENTS: _CAPS_FRAGMENTS,
    Ability.LONG_TARGETS: "over its limit of 64 KiB for a request head it drops the connection",
}
_UVICORN_CANNOT = {
    Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
    Ability.PROMPT_DROP: "it waits 10 s of its own for the client's close frame",
    Ability.QUIET: "it logs a traceback for text that is not UTF-8",
    Ability.MANY_FIELDS: "over 128 its parser stops, and nobody answers",
}
_DAPHNE = ("daphne", "-b", "{host}", "-p", "{port}", "-v", "0")
_DAPHNE_CANNOT = {
    Ability.DENIAL_RESPONSE: "it has no websocket.http.response: a refusal is a bare 403",
    Ability.CLOSE_REASON: "it drops the text of a close frame",
    Ability.CLOSE_CODES: "it knows 1000 and 3000 to 4999 only",
    Ability.EMPTY_MESSAGES: "it takes an empty message for none",
    Ability.LARGE_MESSAGES: "1 MiB is the limit of its WebSocket, both ways",
    Ability.BACKPRESSURE: "it takes everything at once and queues it",
    Ability.EARLY_FRAMES: "it drops what arrives before its 101 answer",
    Ability.LONG_TARGETS: "over 16 KiB it drops the connection",
    Ability.LETS_FINISH: "it drops every connection at once",
    Ability.ACCEPT_HEADERS: "it drops header fields given with websocket.accept",
    Ability.STREAMED_BODY: "it has the whole body before it calls the application",
    Ability.RAW_BODY: "it parses multipart bodies itself, and refuses this one",
    Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
    Ability.QUIET: _LOGS_TRACEBACKS,
}

_WERKZEUG = _own_server("werkzeug")
_PYWSGI = _own_server("pywsgi")
_EVENTLET = _own_server("eventlet")
_GTHREAD = (*_GUNICORN, "--worker-class=gthread", "--threads=250")
_GEVENT = (*_GUNICORN, "--worker-class=gevent")
_WSGI_CANNOT = {
    Ability.MANY_FRAGMENTS: _CAPS_FRAGMENTS,
    Ability.PROMPT_STOP: _WAITS_FOR_ALL,
}
_WERKZEUG_CANNOT = {
    **_WSGI_CANNOT,
    Ability.KEEP_ALIVE: _ONE_REQUEST,
    Ability.OWN_HOST: "an absolute target replaces Host",
    Ability.RAW_PATHS: _ONE_SLASH,
}
_GTHREAD_CANNOT = {
    **_WSGI_CANNOT,
    Ability.PROMPT_ACCEPT: "it accepts none for 2 s if a client keeps open what it closes",
}
_GEVENT_CANNOT = {**_WSGI_CANNOT, Ability.PROMPT_NOTICE: _LOOKS_NOW_AND_THEN}
_PYWSGI_CANNOT = {
    **_WSGI_CANNOT,
    Ability.QUIET: _LOGS_BAD_HEADS,
    Ability.TWO_LENGTHS: _TAKES_FIRST,
}
# The parsers of eventlet and of wsgiref.
_LENIENT_CANNOT = {
    **_WSGI_CANNOT,
    Ability.TWO_LENGTHS: _TAKES_FIRST,
    Ability.RAW_PATHS: _ONE_SLASH,
}
_UWSGI_CANNOT = {
    **_WSGI_CANNOT,
    Ability.KEEP_ALIVE: _ONE_REQUEST,
    Ability.LETS_FINISH: "its workers end before Python hears of the signal",
    Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
    Ability.EXPECT_CONTINUE: "it waits for the body, whatever the client expects",
    Ability.LONG_TARGETS: "over its buffer of 64 KiB it drops the connection",
    Ability.MANY_FIELDS: "over 64 of them it drops the connection",
}
_FLASK = "tests.conformance.application.flask_app"
_FLASK_CANNOT = {
    Ability.RAW_PATHS: "Flask's router makes one slash of those that a path begins with",
}

DEPLOYMENTS: tuple[Deployment, ...] = (
    Deployment("uvicorn-sansio", (*_UVICORN, "--ws=websockets-sansio"), missing=_UVICORN_CANNOT),
    Deployment(
        "uvicorn-websockets",
        (*_UVICORN, "--ws=websockets"),
        missing={
            Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
            Ability.MANY_FRAGMENTS: "it closes with 1009 at its own limit of fragments",
            Ability.QUIET: _LOGS_TRACEBACKS,
        },
    ),
    Deployment(
        "uvicorn-wsproto",
        (*_UVICORN, "--ws=wsproto"),
        missing={
            Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
            Ability.PROMPT_DROP: "it waits for the client's close frame",
            Ability.DECLARED_LENGTH: _COUNTS_ARRIVED,
            Ability.QUIET: _LOGS_TRACEBACKS,
        },
    ),
    Deployment(
        "uvicorn-engineio",
        (*_UVICORN, "--ws=engineio.gateway.uvicorn:WebSocketProtocol"),
        missing={
            Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
            Ability.MANY_FRAGMENTS: "over 4 096 fragments it closes with 1008",
        },
    ),
    Deployment(
        "hypercorn",
        ("hypercorn", _ASGI, "--bind={host}:{port}", "--workers=0"),
        missing={
            Ability.QUIET_STOP: "it logs the cancellation of connections that it drops",
            Ability.PROMPT_STOP: _WAITS_FOR_ALL,
            Ability.IDLE_CLOSE: "it notices after its keep-alive timeout of 5 s",
            Ability.CLIENT_CODES: "every close is a 1006 to it",
            Ability.QUIET: _LOGS_TRACEBACKS,
            Ability.EARLY_FRAMES: "it refuses the request, after the application has accepted it",
            Ability.DECLARED_LENGTH: _COUNTS_ARRIVED,
        },
    ),
    Deployment("daphne", (*_DAPHNE, _ASGI), missing=_DAPHNE_CANNOT),
    Deployment(
        "granian",
        ("granian", "--interface=asgi", "--host={host}", "--port={port}", "--no-access-log", _ASGI),
        missing={
            Ability.FAILURE_CODES: "its close frame then has no code",
            Ability.PROMPT_STOP: _WAITS_FOR_ALL,
            Ability.CLOSES_TCP: "it leaves that to the client",
            Ability.LAST_FRAMES: "its own end overtakes them",
            Ability.ACCEPT_HEADERS: "it drops header fields given with websocket.accept",
            Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
        },
    ),
    Deployment(
        "gunicorn-asgi",
        ("gunicorn", "--worker-class=asgi", "--workers=1", "--bind={host}:{port}", _ASGI),
        missing={
            Ability.DENIAL_RESPONSE: "it has no websocket.http.response: a refusal is a bare 403",
            Ability.EARLY_FRAMES: _DROPS_EARLY_FRAMES,
            Ability.PROMPT_STOP: _WAITS_FOR_ALL,
            Ability.IDLE_CLOSE: "the task of a connection lives on for its keep-alive of 2 s",
            Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
        },
    ),
    Deployment("aiohttp", _AIOHTTP, missing=_AIOHTTP_CANNOT),
    Deployment("aiohttp-uvloop", (*_AIOHTTP, "--uvloop"), missing=_AIOHTTP_CANNOT),
    Deployment("tornado", _TORNADO, missing=_TORNADO_CANNOT),
    Deployment("tornado-uvloop", (*_TORNADO, "--uvloop"), missing=_TORNADO_CANNOT),
    Deployment("fastapi", (*_FASTAPI, "--ws=websockets-sansio"), missing=_UVICORN_CANNOT),
    Deployment(
        "sanic",
        _SANIC,
        missing={
            Ability.HALF_CLOSE: _DROPS_HALF_CLOSED,
            Ability.MANY_FRAGMENTS: _CAPS_FRAGMENTS,
        },
    ),
    Deployment(
        "channels-uvicorn",
        ("uvicorn", _CHANNELS, *_UVICORN[2:], "--ws=websockets-sansio"),
        missing=_UVICORN_CANNOT,
    ),
    Deployment("channels-daphne", (*_DAPHNE, _CHANNELS), missing=_DAPHNE_CANNOT),
    Deployment("werkzeug", _WERKZEUG, missing=_WERKZEUG_CANNOT),
    Deployment("gunicorn-gthread", (*_GTHREAD, f"{_WSGI}:threading_app"), missing=_GTHREAD_CANNOT),
    Deployment("gunicorn-gevent", (*_GEVENT, f"{_WSGI}:gevent_app"), missing=_GEVENT_CANNOT),
    Deployment(
        "gunicorn-gevent-pywsgi",
        (*_GUNICORN, "--worker-class=gevent_pywsgi", f"{_WSGI}:gevent_app"),
        missing={**_GEVENT_CANNOT, **_PYWSGI_CANNOT},
    ),
    Deployment(
        "gunicorn-eventlet",
        (*_GUNICORN, "--no-control-socket", "--worker-class=eventlet", f"{_WSGI}:eventlet_app"),
        missing=_GEVENT_CANNOT,
        venv="gunicorn-eventlet",
    ),
    Deployment("pywsgi", _PYWSGI, missing=_PYWSGI_CANNOT),
    Deployment("pywsgi-patched", (*_PYWSGI, "--patched"), missing=_PYWSGI_CANNOT),
    Deployment("eventlet", _EVENTLET, missing=_LENIENT_CANNOT),
    Deployment("eventlet-patched", (*_EVENTLET, "--patched"), missing=_LENIENT_CANNOT),
    Deployment("uwsgi-gevent", _own_server("uwsgi-gevent"), missing=_UWSGI_CANNOT),
    Deployment("uwsgi-threads", _own_server("uwsgi-threads"), missing=_UWSGI_CANNOT),
    Deployment(
        "flask-werkzeug",
        (*_WERKZEUG, "--application=flask_app"),
        missing={**_WERKZEUG_CANNOT, **_FLASK_CANNOT},
    ),
    Deployment(
        "flask-gthread",
        (*_GTHREAD, f"{_FLASK}:threading_app"),
        missing={**_GTHREAD_CANNOT, **_FLASK_CANNOT},
    ),
    Deployment(
        "flask-gevent",
        (*_GEVENT, f"{_FLASK}:gevent_app"),
        missing={**_GEVENT_CANNOT, **_FLASK_CANNOT},
    ),
    Deployment("runserver", (*_RUNSERVER, "--noreload", "{host}:{port}"), missing=_LENIENT_CANNOT),
)

_BENEATH = {row.name: row.missing for row in DEPLOYMENTS}

# Django on servers of above, which it takes nothing from.
DEPLOYMENTS += (
    Deployment(
        "django-gthread",
        (*_GUNICORN, "--worker-class=gthread", "--threads=250", f"{_DJANGO}.wsgi"),
        missing=_BENEATH["gunicorn-gthread"],
    ),
    Deployment(
        "django-runserver",
        ("django", "runserver", f"--settings={_DJANGO}.settings", "--noreload", "{host}:{port}"),
        missing=_BENEATH["runserver"],
    ),
    Deployment(
        "django-uvicorn",
        ("uvicorn", f"{_DJANGO}.asgi:application", *_UVICORN[2:], "--ws=websockets-sansio"),
        missing=_BENEATH["uvicorn-sansio"],
    ),
    Deployment(
        "django-daphne",
        ("daphne", "-b", "{host}", "-p", "{port}", "-v", "0", f"{_DJANGO}.asgi:application"),
        missing=_BENEATH["daphne"],
    ),
)

SELDOM = {
    "uvicorn-wsproto",
    "aiohttp-uvloop",
    "tornado-uvloop",
    "channels-daphne",
    "gunicorn-gevent-pywsgi",
    "pywsgi-patched",
    "eventlet-patched",
    "uwsgi-threads",
    "flask-gthread",
    "runserver",
    "django-gthread",
}
"""Rows that differ from others in one thing alone: the server, the framework or an option.

`scripts/test` starts and stops them with official clients, and `scripts/soak` runs every scenario
on them as well.
"""

ACCEPTING = Deployment(
    "gevent-websocket",
    _own_server("gevent-websocket"),
)
"""A server that accepts every WebSocket before anybody is asked, so that none can be refused.

One scenario in eight sees somebody refused over WebSocket, so it has tests of its own in place of
a row.
"""
