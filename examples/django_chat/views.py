"""The page, the login, and a view that sends to everybody who is connected."""

from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST

from django_engineio import eio


@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Serve the page."""
    return render(request, "index.html")


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Log in; whoever comes with a new name gets an account."""
    name, password = request.POST.get("name", "").strip(), request.POST.get("password", "")
    if not name or not password:
        return HttpResponse("a name and a password, please", status=400)
    if not User.objects.filter(username=name).exists():
        User.objects.create_user(name, password=password)
    user = authenticate(request, username=name, password=password)
    if user is None:
        return HttpResponse("this name has another password", status=403)
    login(request, user)
    return JsonResponse({"name": name})


@require_POST
def announce(request: HttpRequest) -> HttpResponse:
    """Say something to everybody, if one is of the staff."""
    if not request.user.is_staff:
        return HttpResponse("for the staff", status=403)
    told = eio.broadcast({"from": None, "text": request.POST.get("text", "")})
    return JsonResponse({"told": told})
