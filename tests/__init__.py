"""The tests of every package.

Modules are named from the repository's root, as pytest, mypy and Pants all see them: a helper is
imported as ``from tests.conformance.harness import ...``. This is the only ``__init__.py`` of the
tests; the folders below are namespace packages. Fixtures live in a ``conftest.py`` beside their
users, helpers in modules of their own.
"""
