"""The example: people log in and talk, over both transports. tests/examples has it in a browser."""

import pytest

from engineio.testing import ConnectionRejected
from examples.flask_chat.app import create_app
from flask_engineio.pytest_plugin import Connect


def test_two_people_talk(engineio_client: Connect, transport: str) -> None:
    app = create_app()
    people = {name: app.test_client() for name in ("Ada", "Bob")}
    with pytest.raises(ConnectionRejected, match="401"):
        engineio_client(app, transport=transport)
    for name, http in people.items():
        http.post("/login", data={"name": name})

    ada = engineio_client(app, people["Ada"], transport=transport)
    bob = engineio_client(app, people["Bob"], transport=transport)
    while (line := ada.receive_json())["text"] != "Bob is here":
        assert line["text"] == "Ada is here"

    bob.send("<b>hello</b>")
    assert ada.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}
    assert people["Ada"].post("/announce", data="closing time").get_json() == {"told": 2}
    assert ada.receive_json() == {"from": None, "text": "closing time"}
    bob.close()
    assert "Bob has left" in ada.receive_json()["text"]


def test_a_name_is_needed() -> None:
    assert create_app().test_client().post("/login", data={"name": " "}).status_code == 400
