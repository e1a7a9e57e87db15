"""What the tests of the engine share: a server that runs in the test's own time."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.recording_shell import RecordingShell

Serve = Callable[..., RecordingShell]


@pytest.fixture(params=[True, False], ids=["direct", "indirect"])
def serve(request: pytest.FixtureRequest) -> Serve:
    """Makes a server from its options; with the direct entries of the hot path, and without."""
    return partial(RecordingShell, direct=request.param)
