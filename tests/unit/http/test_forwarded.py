"""The client behind trusted proxies."""

import pytest

from engineio.errors import ConfigError
from engineio.http.forwarded import Client, TrustedProxies
from engineio.http.request import Headers, Request

NOBODY = TrustedProxies.build([])
PROXIES = TrustedProxies.build(["10.0.0.0/8", "127.0.0.1", "fd00::/8"])

FOR = "x-forwarded-for"
PROTO = "x-forwarded-proto"
HOST = "x-forwarded-host"


def request(peer, *fields, scheme="http", hosts=("internal:8000",)):
    items = [*(("host", host) for host in hosts), *fields]
    return Request("GET", "/", "", Headers(items), scheme=scheme, peer=peer)


FORWARDED = ((FOR, "203.0.113.9"), (PROTO, "https"), (HOST, "chat.example"))
DIRECT = Client("10.0.0.1", "http", "internal:8000", "http://internal:8000")


@pytest.mark.parametrize(
    ("proxies", "peer"),
    [
        (NOBODY, "10.0.0.1"),
        (NOBODY, "127.0.0.1"),
        (NOBODY, ""),
        (PROXIES, "203.0.113.1"),
        (PROXIES, "11.0.0.1"),
        (PROXIES, "::1"),
        (PROXIES, ""),
        (PROXIES, "testclient"),
        (PROXIES, "unix"),
        (PROXIES, "10.0.0.1, 10.0.0.1"),
    ],
)
def test_f88_nobody_else_is_believed(proxies, peer):
    client = proxies.resolve(request(peer, *FORWARDED))

    assert client == Client(peer, "http", "internal:8000", "http://internal:8000")


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "10.255.255.255", "127.0.0.1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_f88_a_trusted_proxy_is_believed(peer):
    client = PROXIES.resolve(request(peer, *FORWARDED))

    assert client == Client("203.0.113.9", "https", "chat.example", "https://chat.example")


def test_without_fields_the_peer_is_the_client():
    assert PROXIES.resolve(request("10.0.0.1")) == DIRECT


def test_unix_sockets_are_trusted_only_when_listed():
    proxies = TrustedProxies.build(["unix"])

    assert proxies.resolve(request("", *FORWARDED)).address == "203.0.113.9"
    assert proxies.resolve(request("10.0.0.1", *FORWARDED)).address == "10.0.0.1"


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        ([" 203.0.113.9 "], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
        (["6.6.6.6", "203.0.113.9", "10.1.1.1"], "203.0.113.9"),
        (["10.9.9.9, 203.0.113.9, 10.1.1.1, 10.2.2.2"], "203.0.113.9"),
        (["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (["203.0.113.9:50123"], "203.0.113.9"),
        (["2001:db8::1"], "2001:db8::1"),
        (["2001:DB8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["::ffff:10.1.1.1"], "10.1.1.1"),
        ([""], "10.0.0.1"),
        ([","], "10.0.0.1"),
        (["unknown"], "10.0.0.1"),
        (["203.0.113.9, _hidden"], "10.0.0.1"),
        (["203.0.113.9, , 10.1.1.1"], "10.1.1.1"),
        (["1.2.3"], "10.0.0.1"),
        (["1.2.3.4.5"], "10.0.0.1"),
        (["1.2.3.256"], "10.0.0.1"),
        (["1.2.3.4:"], "10.0.0.1"),
        (["1.2.3.4:x"], "10.0.0.1"),
        (["١.2.3.4"], "10.0.0.1"),
        (["fe80::1%eth0"], "10.0.0.1"),
        (["fe80::1%\x1b[31m"], "10.0.0.1"),
        (["1.2.3.4\r\nX: y"], "10.0.0.1"),
        (["<script>"], "10.0.0.1"),
        (["9" * 65_536], "10.0.0.1"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_f88_sec41_the_last_address_that_is_no_proxy_is_the_client(chain, address):
    fields = [(FOR, value) for value in chain]

    assert PROXIES.resolve(request("10.0.0.1", *fields)).address == address


def test_sec45_a_long_chain_is_not_followed_to_its_end():
    proxies = [f"10.0.{index // 256}.{index % 256}" for index in range(5_000)]
    chain = ", ".join(["203.0.113.9", *proxies])

    assert PROXIES.resolve(request("10.0.0.1", (FOR, chain))).address == proxies[-16]


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        (["https"], "https"),
        (["HTTPS"], "https"),
        (["wss"], "https"),
        (["ws"], "http"),
        (["http, https"], "https"),
        (["https, http"], "http"),
        (["http", " https "], "https"),
        ([], "http"),
        ([""], "http"),
        (["ftp"], "http"),
        (["https\r\n"], "https"),
        (["https://"], "http"),
        (["javascript"], "http"),
    ],
    ids=ascii,
)
def test_f88_the_scheme_is_the_nearest_proxys(values, scheme):
    client = PROXIES.resolve(request("10.0.0.1", *((PROTO, value) for value in values)))

    assert client.scheme == scheme
    assert client.origin == f"{scheme}://internal:8000"


def test_the_scheme_of_the_server_is_kept_without_a_better_one():
    assert PROXIES.resolve(request("10.0.0.1", (PROTO, "x"), scheme="https")).scheme == "https"


@pytest.mark.parametrize(
    ("values", "host"),
    [
        (["chat.example"], "chat.example"),
        (["chat.example:8443"], "chat.example:8443"),
        (["[::1]:80"], "[::1]:80"),
        (["evil.example, chat.example"], "chat.example"),
        (["evil.example", "chat.example"], "chat.example"),
        ([], "internal:8000"),
        ([""], "internal:8000"),
        (["chat.example,"], "internal:8000"),
        (["chat.example/path"], "internal:8000"),
        (["user@chat.example"], "internal:8000"),
        (["chat.example:port"], "internal:8000"),
        (["chat.example\r\nX: y"], "internal:8000"),
        (["chät.example"], "internal:8000"),
    ],
    ids=ascii,
)
def test_f88_sec44_the_host_is_the_nearest_proxys(values, host):
    client = PROXIES.resolve(request("10.0.0.1", *((HOST, value) for value in values)))

    assert client.host == host
    assert client.origin == f"http://{host}"


@pytest.mark.parametrize(
    "hosts", [(), ("a.example", "a.example"), ("",), ("a b",), ("a\r\nX: y",), ("a/b",)], ids=ascii
)
def test_sec51_without_one_valid_host_there_is_no_origin(hosts):
    client = NOBODY.resolve(request("10.0.0.1", hosts=hosts))

    assert client == Client("10.0.0.1", "http", None, None)


@pytest.mark.parametrize(
    "networks",
    [
        "127.0.0.1",
        5,
        None,
        ["10.0.0.1/8"],
        ["10.0.0.0/33"],
        ["proxy.example"],
        ["*"],
        [""],
        [5],
        [b"x"],
    ],
    ids=repr,
)
def test_nonsense_is_refused(networks):
    with pytest.raises(ConfigError, match="trusted_proxies"):
        TrustedProxies.build(networks)


def test_networks_may_come_from_any_iterable():
    assert TrustedProxies.build(iter(["unix", "10.0.0.0/8"])).unix
