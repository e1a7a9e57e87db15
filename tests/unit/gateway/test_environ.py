"""The environ of an ASGI scope: the names of CGI, in a plain dict."""

import pytest

from engineio.gateway.environ import asgi_environ


def scope(*headers, **values):
    return {"path": "/engine.io/", "headers": list(headers), **values}


def test_it_is_a_plain_dict():
    """So that applications can copy, extend and compare it as they do in WSGI."""
    environ = asgi_environ(scope())

    assert type(environ) is dict
    assert environ | {"app.user": 1} == {**environ, "app.user": 1}


def test_it_has_the_names_of_cgi():
    given = scope(
        (b"host", b"example.org"),
        (b"x-token", b"secret\xe9"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"3"),
        method="POST",
        query_string=b"EIO=4",
        http_version="2",
        scheme="wss",
        client=("10.0.0.1", 4000),
        server=("127.0.0.1", 8000),
    )

    assert asgi_environ(given) == {
        "asgi.scope": given,
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/engine.io/",
        "QUERY_STRING": "EIO=4",
        "SERVER_PROTOCOL": "HTTP/2",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "10.0.0.1",
        "REMOTE_PORT": "4000",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "example.org",
        "HTTP_X_TOKEN": "secret\xe9",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
    }


@pytest.mark.parametrize("server", [None, ("/run/app.sock", None)])
def test_a_server_on_a_unix_socket_has_no_name_and_no_port(server):
    environ = asgi_environ(scope(server=server, client=None))

    assert not {"SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT"} & set(environ)


def test_a_client_whose_port_nobody_knows_has_none():
    environ = asgi_environ(scope(client=("10.0.0.1", None)))

    assert environ["REMOTE_ADDR"] == "10.0.0.1"
    assert "REMOTE_PORT" not in environ


def test_the_cookies_of_several_fields_stay_several_cookies():
    """RFC 9113 section 8.2.3: over HTTP/2 a browser may send each in a field of its own."""
    environ = asgi_environ(scope((b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"cookie", b"c=3")))

    assert environ["HTTP_COOKIE"] == "a=1; b=2; c=3"


def test_other_repeated_fields_are_a_list():
    environ = asgi_environ(scope((b"accept", b"text/html"), (b"accept", b"*/*")))

    assert environ["HTTP_ACCEPT"] == "text/html,*/*"


def test_the_mount_point_is_the_script_name():
    environ = asgi_environ({**scope(), "path": "/app/engine.io/", "root_path": "/app"})

    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/app", "/engine.io/")


def test_a_field_with_a_long_name_is_there_too():
    name = b"x-" + b"n" * 200

    assert asgi_environ(scope((name, b"1")))["HTTP_X_" + "N" * 200] == "1"
