"""HTTP: what Django answers becomes the core's response, and the other way round.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse

from engineio.http.response import Header, Response

__all__ = ["core_response", "django_response", "response_of"]


def response_of(status: int, headers: Iterable[Header], parts: Iterable[bytes]) -> Response:
    """Return an answer of Django as the core's.

    Cross-origin header fields are left out: for an Engine.IO path the option
    ``cors_allowed_origins`` decides, and two answers would be none for a browser.
    """
    kept = tuple(
        (name, value)
        for name, value in headers
        if name.lower() != "content-length" and not name.lower().startswith("access-control-")
    )
    return Response(status, kept, b"".join(parts))


def core_response(answer: HttpResponse) -> Response:
    """Return an answer of Django that no server has had in hand yet as the core's."""
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in answer.cookies.values()]
    return response_of(answer.status_code, [*answer.items(), *cookies], answer)


def django_response(response: Response) -> HttpResponse:
    """Return an answer of the core as Django's."""
    answer = HttpResponse(response.body, status=response.status)
    # Not as an argument: Django would add a content type of its own to an answer without one.
    del answer["Content-Type"]
    for name, value in response.headers:
        if name.lower() == "set-cookie":
            answer.cookies.load(value)
        else:
            answer[name] = f"{answer[name]}, {value}" if name in answer else value
    return answer
