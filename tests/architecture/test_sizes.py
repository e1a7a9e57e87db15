"""Modules and functions stay small enough to be read at once."""

from tests.architecture.source import Module, source_modules

MODULE_LIMIT = 300
FUNCTION_LIMIT = 40


def problems(modules: list[Module]) -> list[str]:
    """Every module and function with more code lines than it may have."""
    sizes = [(module.place, len(module.code_lines()), MODULE_LIMIT) for module in modules]
    sizes += [
        (f"{module.place}:{node.lineno} {node.name}", len(module.code_lines(node)), FUNCTION_LIMIT)
        for module in modules
        for node in module.definitions
        if not hasattr(node, "bases")
    ]
    return [
        f"{place}: {size} code lines, {limit} allowed"
        for place, size, limit in sizes
        if size > limit
    ]


def test_no_module_or_function_is_too_long() -> None:
    assert problems(source_modules()) == []


def test_docstrings_comments_and_blank_lines_are_not_counted() -> None:
    body = '    """Says what.\n\n    Says more.\n    """\n    # Says why.\n\n' + "    pass\n" * 39

    assert problems([Module("m", "m.py", f"def f():\n{body}")]) == []
    assert problems([Module("m", "m.py", f"def f():\n{body}    pass\n")]) == [
        "m.py:1 f: 41 code lines, 40 allowed"
    ]


def test_a_long_module_is_found() -> None:
    assert problems([Module("m", "m.py", "x = 1\n" * 301)]) == ["m.py: 301 code lines, 300 allowed"]
