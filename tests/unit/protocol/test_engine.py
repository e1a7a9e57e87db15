"""The tables of sessions, tickets and ports: who gets in, where a request goes, what stays."""

import gc
import json
import weakref

import pytest

from engineio.config import ServerConfig
from engineio.errors import BodyAborted, UnknownSessionError
from engineio.http.request import Headers, Request
from engineio.protocol.actions import Refuse, Reply
from engineio.protocol.engine import Engine
from engineio.protocol.events import Connecting, Disconnected, RequestRejected
from engineio.types import Reason

BAD_REQUEST = (400, 3, "Bad request")
UNKNOWN = (400, 1, "Session ID unknown")
POLLING, WEBSOCKET = "transport=polling&EIO=4", "transport=websocket&EIO=4"


class TestHandshakes:
    def test_polling(self, serve):
        server = serve()
        handshake = server.call("GET", POLLING)
        (sid,) = server.sessions

        assert handshake.status == 200
        assert json.loads(handshake.body[1:]) == {
            "sid": sid,
            "upgrades": ["websocket"],
            "pingInterval": 25000,
            "pingTimeout": 20000,
            "maxPayload": 1000000,
        }

    def test_eio_3_gets_a_length(self, serve):
        handshake = serve(allow_eio3=True).call("GET", "transport=polling&EIO=3")
        length, _, packet = handshake.body.partition(b":")

        assert int(length) == len(packet)
        assert packet.startswith(b'0{"sid":')

    def test_upgrades_are_not_offered_where_the_server_cannot_do_them(self, serve):
        handshake = serve().call("GET", POLLING, websockets=False)

        assert json.loads(handshake.body[1:])["upgrades"] == []

    def test_the_handler_gets_the_request(self, serve):
        server = serve()
        server.call("GET", POLLING + "&user=42", [("x-token", "secret")])
        (event,) = server.seen(Connecting)

        assert event.request.query.endswith("user=42")
        assert event.request.headers.get("x-token") == "secret"

    @pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "DELETE", "TRACE", "get"])
    def test_f3_by_another_method(self, serve, method):
        server = serve()

        assert server.call(method, POLLING).error == (400, 2, "Bad handshake method")
        assert server.sessions == {}

    def test_f4_for_a_websocket_that_is_none(self, serve):
        assert serve().call("GET", WEBSOCKET).error == BAD_REQUEST

    def test_a_websocket_that_says_polling(self, serve):
        assert serve().socket(POLLING).error == BAD_REQUEST

    @pytest.mark.parametrize("query", ["transport=polling", "transport=polling&EIO=3"])
    def test_f2_of_another_revision(self, serve, query):
        server = serve()

        assert server.call("GET", query).error == (400, 5, "Unsupported protocol version")
        socket = server.socket(query.replace("polling", "websocket"))
        assert socket.error == (400, 5, "Unsupported protocol version")

    def test_f1_of_no_transport(self, serve):
        assert serve().call("GET", "EIO=4").error == (400, 0, "Transport unknown")
        assert serve().socket("EIO=4").error == (400, 0, "Transport unknown")

    def test_f91_a_client_cannot_choose_its_sid(self, serve):
        server = serve()

        assert server.call("GET", POLLING + "&sid=fixation").error == UNKNOWN
        assert server.socket(WEBSOCKET + "&sid=fixation").error == UNKNOWN

    def test_a_sid_is_128_random_bits(self, serve):
        assert len(serve().open_polling()) == 22


class TestOwnIds:
    def test_the_application_may_make_them(self, serve):
        server = serve(generate_id=lambda request: f"for-{request.peer}")
        server.call("GET", POLLING, peer="192.0.2.1")

        assert list(server.sessions) == ["for-192.0.2.1"]

    def test_of_any_text(self, serve):
        server = serve(generate_id=lambda request: "a b&c=ü")
        server.open_polling()

        assert server.get("a+b%26c%3D%C3%BC").is_waiting

    @pytest.mark.parametrize("sid", ["", None, 5, b"x"])
    def test_what_is_no_text_is_refused(self, serve, sid):
        """Rule: "ID_GENERATION_ERROR", code 3."""
        server = serve(generate_id=lambda request: sid)

        assert server.call("GET", POLLING).error == BAD_REQUEST
        assert server.socket(WEBSOCKET).error == BAD_REQUEST
        assert server.engine.idle

    def test_one_that_is_in_use_is_refused(self, serve):
        server = serve(generate_id=lambda request: "same")
        server.open_polling()

        assert server.call("GET", POLLING).error == BAD_REQUEST
        assert server.is_open("same")

    def test_one_that_no_cookie_can_hold_is_refused(self, serve):
        server = serve(generate_id=lambda request: "a;b", cookie="io")

        assert server.call("GET", POLLING).error == BAD_REQUEST
        assert server.engine.idle
        assert server.seen(RequestRejected)[0].context == "ID_GENERATION_ERROR"

    def test_when_that_fails_the_request_is_refused(self, serve):
        def fail(request):
            raise LookupError("a bug of the application")

        server = serve(generate_id=fail)

        assert server.call("GET", POLLING).error == BAD_REQUEST
        (event,) = server.seen(RequestRejected)
        assert event.context == "ID_GENERATION_ERROR"
        assert isinstance(event.error, LookupError)


class TestCapacity:
    def test_f13_there_may_be_a_limit(self, serve):
        server = serve(max_sessions=2)
        first = server.open_polling()
        server.open_websocket()
        refused = server.call("GET", POLLING)

        assert refused.error == (503, 3, "Server is full")
        assert refused.header("retry-after") == "1"
        assert server.socket(WEBSOCKET).error == (503, 3, "Server is full")
        server.post(first, b"1")
        assert server.call("GET", POLLING).status == 200

    def test_f13_and_one_for_each_address(self, serve):
        server = serve(max_sessions_per_address=1)
        assert server.call("GET", POLLING, peer="192.0.2.1").status == 200
        assert server.call("GET", POLLING, peer="192.0.2.1").status == 503
        assert server.call("GET", POLLING, peer="192.0.2.2").status == 200

    def test_sessions_that_are_decided_about_count(self, serve):
        server = serve(max_sessions_per_address=1)
        server.accepts = False
        server.call("GET", POLLING)
        assert server.call("GET", POLLING).status == 503
        (sid,) = server.sessions
        server.refuse(sid)

        assert server.call("GET", POLLING).is_waiting


class TestRouting:
    @pytest.mark.parametrize(
        "sid", ["", "unknown", "%00", "%ff", "x" * 65_536, "a%0d%0ab", "__proto__"]
    )
    def test_f5_an_unknown_sid(self, serve, sid):
        """400 code 1, "sid echoed nowhere"."""
        server = serve()
        for method in ("GET", "POST", "PUT"):
            call = server.call(method, f"{POLLING}&sid={sid}")
            assert call.body == b'{"code":1,"message":"Session ID unknown"}'
        assert server.socket(f"{WEBSOCKET}&sid={sid}").error == UNKNOWN

    def test_f7_a_poll_for_a_session_that_began_as_a_websocket(self, serve):
        server = serve()
        sid = server.open_websocket().sid

        assert server.get(sid).error == BAD_REQUEST
        assert server.start_post(sid).error == BAD_REQUEST
        assert server.is_open(sid)

    def test_f7_a_request_that_names_the_other_transport(self, serve):
        server = serve()
        sid = server.open_polling()

        assert server.call("GET", f"{WEBSOCKET}&sid={sid}").error == BAD_REQUEST
        assert server.socket(f"{POLLING}&sid={sid}").error == BAD_REQUEST
        assert server.is_open(sid)

    @pytest.mark.parametrize("query", ["EIO=3", "EIO=5", "x"])
    def test_another_revision_than_that_of_the_session(self, serve, query):
        """Rule: "PROTOCOL_MISMATCH (EIO differs from the session's)", code 3."""
        server = serve(allow_eio3=True)
        sid = server.open_polling()

        assert server.get(sid, query).error == BAD_REQUEST
        assert server.is_open(sid)
        assert server.seen(RequestRejected)[-1].context == "PROTOCOL_MISMATCH"

    @pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE", "TRACE", "PATCH"])
    def test_f44_another_method(self, serve, method):
        server = serve()
        sid = server.open_polling()

        assert server.call(method, f"{POLLING}&sid={sid}").error == BAD_REQUEST
        assert server.is_open(sid)

    def test_f44_a_preflight_touches_no_session(self, serve):
        server = serve(first_request_timeout=5.0, cors_allowed_origins=["https://a.example"])
        sid = server.open_polling()
        answer = server.call(
            "OPTIONS",
            f"{POLLING}&sid={sid}",
            [
                ("origin", "https://a.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type, x-evil"),
            ],
        )

        assert (answer.status, answer.body) == (204, b"")
        assert answer.header("access-control-allow-origin") == "https://a.example"
        assert answer.header("access-control-allow-methods") == "GET, POST, OPTIONS"
        # F-90: an allow-list, not an echo.
        assert answer.header("access-control-allow-headers") == "content-type"
        server.advance(5.0)
        assert server.reason(sid) is Reason.PING_TIMEOUT

    def test_sec11_a_foreign_page_gets_nowhere(self, serve):
        server = serve()
        headers = [("host", "good.example"), ("origin", "https://evil.example")]
        forbidden = (403, 4, "Forbidden")
        sid = server.open_polling()

        assert server.call("GET", POLLING, headers).error == forbidden
        assert server.call("GET", f"{POLLING}&sid={sid}", headers).error == forbidden
        # SEC-47: refused before the body is even read.
        post = server.call("POST", f"{POLLING}&sid={sid}", headers)
        assert (post.error, post.limit) == (forbidden, None)
        assert server.socket(WEBSOCKET, headers).error == forbidden
        assert server.socket(f"{WEBSOCKET}&sid={sid}", headers).error == forbidden
        assert list(server.sessions) == [sid]

    def test_f6_the_application_is_asked_about_every_request(self, serve):
        """A stolen sid "works by protocol", so a hook must get a chance to refuse."""
        asked = []

        def allow(request):
            asked.append((request.method, request.peer))
            return request.peer != "thief"

        server = serve(allow_request=allow)
        sid = server.open_polling()
        stolen = f"{POLLING}&sid={sid}"

        for method in ("GET", "POST"):
            assert server.call(method, stolen, peer="thief").error == (403, 4, "Forbidden")
        assert server.socket(f"{WEBSOCKET}&sid={sid}", peer="thief").error == (403, 4, "Forbidden")
        assert len(asked) == 4
        assert server.is_open(sid)


class TestRefusalsAreEvents:
    def test_they_say_what_was_refused_and_why(self, serve):
        server = serve()
        call = server.call("GET", "transport=polling&EIO=5", peer="192.0.2.7")
        (event,) = server.seen(RequestRejected)

        assert event.request is call.request
        assert (event.code, event.message) == (5, "Unsupported protocol version")
        assert event.context == "UNSUPPORTED_PROTOCOL"
        assert event.error is None

    def test_those_of_websockets_too(self, serve):
        server = serve()
        socket = server.socket("transport=foo")
        (event,) = server.seen(RequestRejected)

        assert event.request is socket.request
        assert event.code == 0


class TestTheApplication:
    def test_it_finds_its_sessions(self, serve):
        server = serve()
        server.accepts = False
        server.call("GET", POLLING)
        (sid,) = server.sessions
        assert server.engine.session(sid) is server.sessions[sid]
        server.accept(sid)

        assert server.engine.session(sid) is server.sessions[sid]

    def test_f70_an_unknown_sid(self, serve):
        with pytest.raises(UnknownSessionError):
            serve().engine.session("unknown")

    def test_f70_a_session_that_is_ending(self, serve):
        server = serve()
        sid = server.open_polling()
        server.close(sid)
        assert sid in server.engine.sessions

        with pytest.raises(UnknownSessionError):
            server.engine.session(sid)

    def test_it_knows_which_ports_want_to_take_over(self, serve):
        server = serve()
        sid = server.open_polling()
        direct, probe = server.open_websocket(), server.begin_upgrade(sid)

        assert server.engine.is_upgrading(probe)
        assert not server.engine.is_upgrading(direct)
        assert not server.engine.is_upgrading("unknown")
        assert server.engine.session_of(probe) is server.sessions[sid]
        assert server.engine.session_of("unknown") is None


class TestShutdown:
    def test_f78_everybody_is_told(self, serve):
        server = serve()
        sid = server.open_polling()
        poll, socket = server.get(sid), server.open_websocket()
        server.shutdown()

        assert poll.body == b"1"
        assert socket.frames[-1] == "1"
        assert socket.close_code == 1001
        assert [info.reason for _, info in server.seen(Disconnected)] == [
            Reason.SERVER_SHUTDOWN
        ] * 2
        assert not server.engine.idle
        socket.close(1001)
        assert server.engine.idle

    def test_f78_what_was_sent_goes_out_first(self, serve):
        server = serve()
        sid = server.open_polling()
        server.send(sid, "last words")
        server.shutdown()

        assert server.get(sid).body == b"4last words\x1e1"

    def test_f78_new_sessions_are_refused(self, serve):
        server = serve()
        server.shutdown()
        refused = server.call("GET", POLLING)

        assert refused.error == (503, 3, "Server is shutting down")
        assert refused.header("retry-after") == "1"
        assert server.socket(WEBSOCKET).error == (503, 3, "Server is shutting down")

    def test_f78_so_are_those_that_are_decided_about(self, serve):
        server = serve()
        server.accepts = False
        handshake, socket = server.call("GET", POLLING), server.socket(WEBSOCKET)
        server.shutdown()

        assert handshake.error == socket.error == (503, 3, "Server is shutting down")
        assert server.engine.idle
        assert not any(map(server.accept, server.sessions))
        assert server.seen(Disconnected) == []

    def test_it_ends_whatever_the_clients_do(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.open_websocket()
        server.begin_upgrade(sid)
        server.is_prompt = False
        server.send(socket.sid, "x")
        server.shutdown()
        server.advance(5.0)

        assert server.engine.idle
        assert server.engine.open_ports() == []

    def test_f77_with_nobody_there(self, serve):
        server = serve()
        server.shutdown()
        server.shutdown()

        assert server.engine.idle
        assert server.log == []

    def test_a_server_can_start_again(self, serve):
        server = serve()
        server.shutdown()
        server.engine.restart()

        assert server.call("GET", POLLING).status == 200


class TestNothingIsLeftBehind:
    """F-71: memory returns to where it was."""

    def check(self, server):
        server.advance(100.0)
        engine = server.engine
        assert engine.idle
        assert engine.deadline() is None
        for table in (engine._tickets, engine._ports, engine._closing, engine._addresses):
            assert len(table) == 0

    def test_of_clients_of_every_kind(self, serve):
        server = serve(allow_eio3=True)
        for number in range(300):
            match number % 6:
                case 0:
                    server.post(server.open_polling(), b"4x\x1e1")
                case 1:
                    server.open_websocket().send("1")
                case 2:
                    server.upgrade(server.open_polling()).close(1006)
                case 3:
                    server.get(server.open_polling("EIO=3"), "EIO=3").drop()
                case 4:
                    server.socket("transport=websocket&EIO=9")
                case 5:
                    server.begin_upgrade(server.open_polling())

        self.check(server)

    def test_of_requests_that_were_refused(self, serve):
        server = serve()
        server.accepts = False
        for _ in range(10):
            server.call("GET", POLLING)
            server.socket(WEBSOCKET)
        for sid in server.sessions:
            server.refuse(sid)

        assert server.engine._ports == {}
        assert server.engine._tickets == {}
        self.check(server)

    def test_of_an_answer_to_a_session_that_has_ended(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.close(sid)
        assert server.engine._tickets == {poll: server.sessions[sid]}
        poll.written()

        self.check(server)

    def test_words_about_what_nobody_knows_do_nothing(self, serve):
        server = serve()
        engine = server.engine
        for entry, *args in (
            (engine.body, b"4a"),
            (engine.body_failed, BodyAborted("gone")),
            (engine.replied, False),
            (engine.http_closed,),
            (engine.websocket_data, "4a"),
            (engine.websocket_failed, 1009, "too large"),
            (engine.websocket_closed, 1000, "bye"),
            (engine.drained,),
        ):
            server.run(entry, "unknown", *args)

        assert server.log == []


def test_a_deadline_is_never_reported_later_than_it_is(serve):
    server = serve()
    assert server.engine.deadline() is None
    sid = server.open_polling()
    assert server.engine.deadline() == server.now + 10.0
    server.get(sid)
    server.start_post(sid)
    assert server.engine.deadline() <= server.now + 10.0
    server.begin_upgrade(sid).send("2probe")
    server.get(sid)
    server.get(sid)

    assert server.engine.deadline() <= server.now + 0.1


class TestAdmittingBeforehand:
    """What a shell with a lock does without it, because the application's functions may wait."""

    HANDSHAKE = Request("GET", "/engine.io/", "EIO=4&transport=polling", Headers())

    def test_the_functions_of_the_application_are_called_once(self):
        calls = []

        def allow(request):
            calls.append("allow")
            return True

        def generate(request):
            calls.append("generate")
            return "mine"

        options = {"allow_request": allow, "generate_id": generate}
        engine = Engine(ServerConfig.build(options))
        admitted = engine.admit(self.HANDSHAKE)
        assert engine.sessions == {}
        engine.http(0.0, self.HANDSHAKE, "ticket", admitted)

        assert calls == ["allow", "generate"]
        assert list(engine.sessions) == ["mine"]

    def test_an_id_that_was_taken_meanwhile_is_refused(self):
        engine = Engine(ServerConfig.build({"generate_id": lambda request: "mine"}))
        verdicts = [engine.admit(self.HANDSHAKE) for _ in range(2)]
        for number, admitted in enumerate(verdicts):
            engine.http(0.0, self.HANDSHAKE, number, admitted)

        assert len(engine.sessions) == 1
        replies = [output for output in engine.outputs if isinstance(output, Reply)]
        assert [reply.response.status for reply in replies] == [400]

    def test_a_refusal_is_passed_on(self):
        engine = Engine(ServerConfig.build({"allow_request": lambda request: False}))
        engine.websocket_open(0.0, self.HANDSHAKE, "port", engine.admit(self.HANDSHAKE))

        refusals = [output for output in engine.outputs if isinstance(output, Refuse)]
        assert [refusal.response.status for refusal in refusals] == [403]


class Native:
    """What a framework gave."""

    def itself(self):
        return self


@pytest.mark.parametrize("early", [False, True])
def test_a_refused_request_is_free_at_once(early):
    """Servers close a connection when nothing holds what they gave: no collection is waited for."""
    engine = Engine(ServerConfig())
    native = Native()
    gone = weakref.ref(native)
    request = Request("GET", "/", "transport=odd&EIO=4", Headers([]), native=native.itself)
    gc.disable()
    try:
        engine.http(0.0, request, 1, engine.admit(request) if early else None)
        assert len(engine.outputs) == 2, "the reply, and an event for hooks"
        engine.outputs.clear()
        del native, request
        assert gone() is None
    finally:
        gc.enable()
