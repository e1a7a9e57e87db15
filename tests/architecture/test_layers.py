"""A layer imports only layers above it in ARCHITECTURE.md; pure ones have no clock and no I/O."""

import pytest

from tests.architecture.source import ROOT, Module, core_modules, source_modules

# Who may import whom inside the core.
LAYERS = {
    "base": {"base"},
    "http": {"base", "http"},
    "protocol": {"base", "http", "protocol"},
    "shared": {"base", "http", "protocol", "shared"},
    "sync": {"base", "http", "protocol", "shared", "sync"},
    "aio": {"base", "http", "protocol", "shared", "aio"},
    "gateway": {"base", "http", "protocol", "shared", "sync", "aio", "gateway"},
    "testing": {"base", "http", "protocol", "shared", "sync", "aio", "gateway", "testing", "root"},
    "root": {"base", "http", "protocol", "shared", "sync", "aio", "gateway", "testing", "root"},
}
# What a layer may also name in annotations, imported under TYPE_CHECKING.
NAMED_IN_TYPES = {"base": {"http"}}

# A layer is a folder, except these modules beside the folders: what everything stands on, and what
# the shells share.
MODULES = {
    "base": {"types", "errors", "functions", "options", "config"},
    "shared": {
        "callbacks",
        "handlers",
        "hooks",
        "integration",
        "logs",
        "messages",
        "modes",
        "ports",
        "queues",
        "registrar",
        "servers",
        "verdicts",
    },
    "root": {"_guard"},
}
PURE = {"base", "http", "protocol"}

# Time, chance and the outside world come to the pure layers as arguments, or not at all.
IMPURE = {
    "asyncio", "concurrent", "contextvars", "logging", "multiprocessing", "queue", "random",
    "sched", "select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time",
}  # fmt: skip


def layer_of(name: str) -> str:
    """The layer that a dotted name under ``engineio`` belongs to."""
    second = name.split(".")[1] if "." in name else ""
    for layer, modules in MODULES.items():
        if second in modules:
            return layer
    return second if second in LAYERS else "root"


def problems(modules: list[Module]) -> list[str]:
    """Every import in the core that points the wrong way."""
    found = []
    for module in modules:
        layer = layer_of(module.name)
        for target, line, for_types_only in module.imports:
            top = target.split(".")[0]
            allowed = LAYERS[layer] | (
                NAMED_IN_TYPES.get(layer, set()) if for_types_only else set()
            )
            if top == "engineio" and layer_of(target) not in allowed:
                found.append(f"{module.place}:{line}: {layer} imports {target}")
            if top in IMPURE and layer in PURE and not for_types_only:
                found.append(f"{module.place}:{line}: {layer} is pure and imports {top}")
    return found


def test_each_layer_imports_only_layers_above_it() -> None:
    assert problems(core_modules()) == []


def test_every_module_of_the_core_is_in_a_layer() -> None:
    seconds = {module.name.split(".")[1] for module in core_modules() if "." in module.name}

    assert seconds <= set(LAYERS) | set().union(*MODULES.values())


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("http.cors", "from ..protocol import packet", "http imports engineio.protocol.packet"),
        ("protocol.packet", "import engineio.aio.server", "protocol imports engineio.aio.server"),
        ("aio.server", "from engineio.sync import server", "aio imports engineio.sync.server"),
        ("aio.server", "from ..gateway import asgi", "aio imports engineio.gateway.asgi"),
        ("types", "def f():\n    from .http import cors", "base imports engineio.http.cors"),
        ("http.cors", "from .. import AsyncServer", "http imports engineio.AsyncServer"),
        ("protocol.sid", "from time import monotonic", "protocol is pure and imports time"),
    ],
)
def test_an_import_against_the_direction_is_found(name: str, text: str, complaint: str) -> None:
    (problem,) = problems([Module(f"engineio.{name}", "sample.py", text)])

    assert complaint in problem


def test_what_only_types_need_is_no_dependency_of_the_base() -> None:
    text = "if TYPE_CHECKING:\n    from logging import Logger\n    from .http import request\n"

    assert problems([Module("engineio.config", "sample.py", text)]) == []
    assert problems([Module("engineio.config", "sample.py", text.replace("http", "aio"))])


def test_a_gateway_module_serves_one_shell() -> None:
    for module in core_modules():
        if layer_of(module.name) == "gateway":
            shells = {layer_of(target) for target, *_ in module.imports} & {"sync", "aio"}
            assert len(shells) <= 1, module.place


def trespasses(modules: list[Module]) -> list[str]:
    """Every import of a framework package that reaches past the core's public layers."""
    found = []
    for module in modules:
        own = module.name.split(".")[0]
        for target, line, _ in module.imports:
            parts = target.split(".")
            foreign = parts[0] == "engineio" or parts[0].endswith("_engineio")
            sibling = parts[0].endswith("_engineio")
            private = any(part.startswith("_") for part in parts)
            if foreign and parts[0] != own and (sibling or private or parts[1:2] == ["protocol"]):
                found.append(f"{module.place}:{line}: {own} imports {target}")
    return found


def test_framework_packages_use_public_names_of_the_core_alone() -> None:
    modules = [module for module in source_modules() if not module.is_under("engineio")]

    assert len({module.name.split(".")[0] for module in modules}) == 7
    assert trespasses(modules) == []


@pytest.mark.parametrize(
    "text",
    [
        "from engineio.protocol.engine import Engine",
        "from engineio.aio._timer import Timer",
        "from engineio.aio.server import _Timer",
        "import django_engineio",
    ],
)
def test_a_trespass_is_found(text: str) -> None:
    assert trespasses([Module("flask_engineio._http", "sample.py", text)])
    assert not trespasses(
        [Module("flask_engineio._http", "sample.py", "from engineio import Server")]
    )


def test_pants_knows_the_same_layers() -> None:
    declared: dict[str, set[str]] = {}

    def dependencies_rules(*rules: tuple[object, ...]) -> None:
        for files, *allowed, last in rules:
            if (files, last) != ("*", "*"):
                assert last == "!*"
                declared[_layer_of_rule(files)] = {_layer_of_rule(rule) for rule in allowed}

    def nothing(*_: object, **__: object) -> None:
        pass

    build = ROOT / "packages/engineio-core/src/BUILD"
    names = {
        "__dependencies_rules__": dependencies_rules,
        "__dependents_rules__": nothing,
        "python_sources": nothing,
        "resources": nothing,
    }
    exec(compile(build.read_text("utf-8"), build, "exec"), names)

    # Pants counts what only types need and the package's own __init__.py as imported, and it
    # guards who uses wsproto and what the modes of greenlets need as well.
    expected = {
        layer: allowed | NAMED_IN_TYPES.get(layer, set()) | {"root"}
        for layer, allowed in LAYERS.items()
    }
    expected["gateway"].add("wsproto")
    expected["sync"] |= {"eventlet", "gevent"}
    del expected["testing"], expected["root"]
    assert declared == expected


def _layer_of_rule(rule: object) -> str:
    """The layer that a path, or a list of paths, of the BUILD file stands for."""
    if isinstance(rule, list):
        names = {path.removeprefix("/engineio/").removesuffix(".py") for path in rule}
        return next(layer for layer, modules in MODULES.items() if modules == names)
    assert isinstance(rule, str)
    if rule == "/engineio/__init__.py":
        return "root"
    return rule.removeprefix("/engineio/").removesuffix("/**").rpartition("#")[2]
