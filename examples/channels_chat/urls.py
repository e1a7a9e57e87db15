"""The pages: a login, and a room."""

from django.contrib.auth import get_user_model, login
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

LONGEST_NAME = 24


def home(request: HttpRequest, room: str = "lobby") -> HttpResponse:
    """Show a room, or ask who wants to see it."""
    return render(request, "index.html", {"user": request.user, "room": room})


def enter(request: HttpRequest, room: str) -> HttpResponse:
    """Take a name, which is all that this chat wants to know."""
    name = request.POST.get("name", "").strip()[:LONGEST_NAME]
    if not name:
        return HttpResponse("a name, please", status=400)
    user, _ = get_user_model().objects.get_or_create(username=name)
    login(request, user)
    return redirect("room", room)


urlpatterns = [
    path("", home),
    path("rooms/<slug:room>/", home, name="room"),
    path("rooms/<slug:room>/enter", enter, name="enter"),
    # For servers that are not `runserver`, as long as DEBUG is on.
    *staticfiles_urlpatterns(),
]
