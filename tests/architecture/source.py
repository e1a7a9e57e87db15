"""Source files as the architecture tests see them: modules with their imports, sizes and lines.

Lives here: reading Python with ``ast``. What is allowed is decided in the tests.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "packages/engineio-core/src/engineio"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Import(NamedTuple):
    """One imported module, or one name imported from a module."""

    target: str
    line: int
    for_types_only: bool


@dataclass(frozen=True)
class Module:
    """One parsed source file.

    Attributes:
        name: Its dotted name, without ``__init__``.
        place: Where it stands, as problems name it.
    """

    name: str
    place: str
    text: str
    is_package: bool = False

    @classmethod
    def read(cls, path: Path, source_root: Path) -> "Module":
        """Reads the file at a path that is importable from ``source_root``."""
        is_package = path.name == "__init__.py"
        relative = (path.parent if is_package else path.with_suffix("")).relative_to(source_root)
        place = str(path.relative_to(ROOT))
        return cls(".".join(relative.parts), place, path.read_text("utf-8"), is_package)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, wherever it stands, as absolute dotted names."""
        typing_only = {
            id(node) for block in self._type_checking_blocks() for node in ast.walk(block)
        }
        return [
            Import(target, node.lineno, id(node) in typing_only)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for target in self._targets(node)
        ]

    def _type_checking_blocks(self) -> Iterator[ast.stmt]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
                yield from node.body

    def _targets(self, node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        base = node.module or ""
        if node.level:
            levels = node.level - self.is_package
            package = self.name.split(".")[: -levels or None]
            base = ".".join([*package, *filter(None, [base])])
        return [f"{base}.{alias.name}" for alias in node.names]

    @cached_property
    def _docstring_lines(self) -> set[int]:
        lines: set[int] = set()
        for node in (self.tree, *self.definitions):
            if ast.get_docstring(node, clean=False) is not None:
                text = node.body[0]
                lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        return lines

    @property
    def definitions(self) -> list[Definition]:
        """Every function, method and class, nested ones too."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return [node for node in ast.walk(self.tree) if isinstance(node, kinds)]

    def code_lines(self, node: Definition | None = None) -> list[tuple[int, str]]:
        """The numbered lines that count as code: no blanks, comments or docstrings.

        Args:
            node: One definition in the module; the whole module without it.
        """
        lines = self.text.splitlines()
        first, last = (node.lineno, node.end_lineno or node.lineno) if node else (1, len(lines))
        numbered = [(number, lines[number - 1].strip()) for number in range(first, last + 1)]
        return [
            (number, line)
            for number, line in numbered
            if line and not line.startswith("#") and number not in self._docstring_lines
        ]

    def is_under(self, *names: str) -> bool:
        """Is it one of these dotted names, or inside one?"""
        return any(self.name == name or self.name.startswith(name + ".") for name in names)


@cache
def packages() -> list[Path]:
    """The folders of the distributions."""
    return sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))


@cache
def source_modules() -> list[Module]:
    """Every module that is shipped, of every package."""
    return [
        Module.read(path, package / "src")
        for package in packages()
        for path in sorted((package / "src").rglob("*.py"))
    ]


@cache
def core_modules() -> list[Module]:
    """Every module of engineio-core."""
    return [module for module in source_modules() if module.is_under("engineio")]
