"""What holds for every test: the Hypothesis profiles, and the exit status of a run."""

from hypothesis import settings

from tests.support.late import pytest_runtest_logreport, pytest_sessionfinish

__all__ = ["pytest_runtest_logreport", "pytest_sessionfinish"]

# A shared machine pauses now and then: a deadline on one example would measure the machine.
settings.register_profile("default", deadline=None, print_blob=True)
# `scripts/soak`: the same properties, for hours instead of seconds.
settings.register_profile("soak", parent=settings.get_profile("default"), max_examples=100_000)
settings.load_profile("default")
