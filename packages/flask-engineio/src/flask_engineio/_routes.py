"""The routes of a server, and its exemption from what guards forms."""

from __future__ import annotations

from flask import current_app, request
from flask.sansio.app import App
from flask.sansio.blueprints import BlueprintSetupState

from ._http import Answer
from ._registry import bindings_of

__all__ = ["add_routes"]


def add_routes(state: BlueprintSetupState) -> None:
    """Add the rules of one server to the application that the blueprint is registered with."""
    path = bindings_of(state.app)[state.blueprint].path
    for rule in (f"/{path}/", f"/{path}") if path else ("/",):
        # An upgrade request matches no rule but one that says it is for WebSockets.
        for websocket in (False, True):
            state.add_url_rule(
                rule,
                "endpoint",
                endpoint,
                websocket=websocket,
                merge_slashes=False,
                provide_automatic_options=False,
            )
    name = f"{state.name_prefix}.{state.name}".lstrip(".")
    for added in state.app.url_map.iter_rules(f"{name}.endpoint"):
        # All methods: which of them is refused, and how, is decided in the core.
        added.methods = None
    _exempt_from_csrf(state.app)
    # CSRFProtect may come later, and then asks about a request after this function.
    state.app.before_request(lambda: _exempt_from_csrf(state.app))


def endpoint(**_view_args: object) -> Answer:
    """Serve a request: the view of all servers, whatever variable parts a prefix has."""
    return bindings_of(current_app)[current_app.blueprints[request.blueprint or ""]].serve()


def _exempt_from_csrf(app: App) -> None:
    """Let flask-wtf's CSRFProtect pass POST requests, which have no form: the core checks Origin.

    By the view's name, which is the same wherever the blueprint is nested.
    """
    exempt = getattr(app.extensions.get("csrf"), "exempt", None)
    if exempt is not None:
        exempt(endpoint)
