"""The handlers of the chat, which Django finds because this module is called ``eio``.

Plain functions may use the ORM. Coroutines call the methods whose names begin with an ``a``.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from django_engineio import eio
from examples.django_chat.models import Message

LONGEST_TEXT = Message._meta.get_field("text").max_length
REMEMBERED = 50


@eio.on_connect
def connected(sid: str, request: HttpRequest) -> None:
    """Let in who has logged in, show the last lines, and tell the others."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    name = request.user.get_username()
    eio.save_session(sid, {"name": name, "user": request.user.pk})
    lines = Message.objects.select_related("author").reverse()[:REMEMBERED]
    for line in reversed(lines):
        eio.send(sid, {"from": line.author.get_username(), "text": line.text})
    eio.broadcast({"from": None, "text": f"{name} is here"})


@eio.on_message
def received(sid: str, data: Any) -> None:
    """Keep what was said, and say it to everybody."""
    if isinstance(data, str) and data.strip():
        session = eio.get_session(sid)
        line = Message.objects.create(author_id=session["user"], text=data[:LONGEST_TEXT])
        eio.broadcast({"from": session["name"], "text": line.text})


@eio.on_disconnect
async def gone(sid: str, reason: str) -> None:
    """Tell the others."""
    name = eio.get_session(sid)["name"]
    await eio.abroadcast({"from": None, "text": f"{name} has left: {reason}"})
