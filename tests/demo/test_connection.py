"""The page shows its connection: the transport, the upgrade, the latency, and a loss."""

from __future__ import annotations

import re

import pytest

from tests.demo.conftest import Demo
from tests.demo.room import Room

pytestmark = pytest.mark.interop

PLOT = "document.querySelector('#plot')"


async def test_the_upgrade_is_shown_to_oneself_and_to_the_others(room: Room) -> None:
    ada = await room.enter()
    await ada.sees_transport("websocket")
    await ada.sees("Connected and upgraded", within="#status")
    await ada.sees("open in ", within="#polling-note")
    await ada.sees("upgraded in ", within="#websocket-note")
    ben = await room.enter()
    await ben.choose_transport("polling")
    lines = "[...document.querySelectorAll('#people .via')].map((via) => via.textContent).join()"
    await ada.page.wait_for(f"{lines} === 'websocket,polling'")
    await ben.choose_transport("auto")
    await ada.page.wait_for(f"{lines} === 'websocket,websocket'")


async def test_the_transport_can_be_forced(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.choose_transport("polling")
    await ada.say("by polling")
    await ben.sees("by polling")
    await ada.sees_transport("polling")
    assert await ada.page.evaluate("document.querySelector('#websocket-note').textContent") == ""
    await ada.choose_transport("websocket")
    await ada.say("by websocket")
    await ben.sees("by websocket")
    await ada.sees_transport("websocket")
    assert await ada.page.evaluate("document.querySelector('#polling-note').textContent") == ""
    # It is the same person all along: at most "is back" is said about it.
    await ben.sees("2 online", within="#online")


async def test_the_latency_plot_gets_a_point_a_second(room: Room) -> None:
    ada = await room.enter()
    await ada.page.wait_for(f"/ [3-9] samples/.test({PLOT}.ariaLabel)")
    label = await ada.page.evaluate(f"{PLOT}.ariaLabel")
    assert re.search(r"last [\d.]+ ms, worst [\d.]+ ms", label)
    assert await ada.page.evaluate(f"{PLOT}.querySelector('circle.latest.websocket') !== null")
    assert await ada.page.evaluate(f"{PLOT}.querySelector('path.upgrade') !== null")
    line = await ada.page.evaluate(f"{PLOT}.querySelector('path.line.websocket').getAttribute('d')")
    assert re.fullmatch(r"M[\d.]+ [\d.]+(L[\d.]+ [\d.]+)+", line)
    assert float(await ada.page.evaluate("document.querySelector('#rtt').textContent")) > 0


async def test_a_lost_server_is_shown_and_its_return_needs_nobody(room: Room, demo: Demo) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.say("before")
    await ben.sees("before")
    demo.stop()
    await ada.sees_stage("waiting")
    await ada.sees("Connection lost", within="#status")
    await ada.sees("offline", within="#online")
    await ada.say("written while it was away")
    await ada.sees("your message stays here", within="#hint")
    demo.start()
    for person in (ada, ben):
        await person.arrive()
    await ada.page.press("Enter")
    await ben.sees("written while it was away")
    assert await ben.messages() == ["before", "written while it was away"]


async def test_what_was_said_during_a_loss_arrives_once(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.say("heard")
    await ben.sees("heard")
    await ben.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await ben.sees_stage("waiting")
    await ada.say("missed")
    await ben.arrive()
    await ben.sees("missed")
    assert await ben.messages() == ["heard", "missed"]
