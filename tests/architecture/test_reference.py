"""The reference pages say what the code says."""

import sys

import pytest

from tests.conformance.deployments import DEPLOYMENTS
from tests.conformance.harness.deployment import Ability, Deployment
from tools import reference


def test_the_reference_pages_are_what_the_tool_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["reference", "--check"])

    assert reference.main() == 0, "run python -m tools.reference"


def test_whatever_a_server_cannot_do_is_told_to_users() -> None:
    page = reference.DEPLOYMENT.read_text("utf-8").splitlines()
    told = [
        (row.name, ability)
        for row in DEPLOYMENTS
        for ability in row.missing
        for line in page
        if reference.CONSEQUENCES[ability] in line
        and row.name in line
        and row.missing[ability] in line
    ]

    assert told == [(row.name, ability) for row in DEPLOYMENTS for ability in row.missing]


@pytest.mark.parametrize("ability", Ability)
def test_every_ability_has_its_meaning_for_users(ability: Ability) -> None:
    assert reference.CONSEQUENCES[ability]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda row: row.name)
def test_every_server_of_the_suite_stands_among_the_commands(deployment: Deployment) -> None:
    assert f"| {deployment.name} | `" in reference.DEPLOYMENT.read_text("utf-8")
