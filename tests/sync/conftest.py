"""Every test of the shell runs twice: messages go the direct way, or the way of the engine."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sync.served import Served


@pytest.fixture(params=["direct", "traced"])
def serve(request: pytest.FixtureRequest) -> Iterator[Callable[..., Served]]:
    """Make a server: ``serve(option=value)``."""
    made: list[Served] = []

    def make(**options: Any) -> Served:
        made.append(Served(request.param == "traced", **options))
        return made[-1]

    yield make
    for served in made:
        served.close()
