"""People in several windows chat: text, pictures, names and history."""

from __future__ import annotations

import pytest

from tests.demo.picture import noisy_png
from tests.demo.room import Mode, Room

pytestmark = pytest.mark.interop

MARKUP = "<img src=x onerror=\"console.error('ran')\"><b>bold</b>"
FILES = """const canvas = document.createElement("canvas");
  canvas.width = 64;
  const blob = await new Promise((done) => canvas.toBlob(done));
  const data = new DataTransfer();
  data.items.add(new File([blob], "canvas.png", { type: "image/png" }));"""
PASTE = f"""async () => {{
  {FILES}
  document.querySelector("#text").dispatchEvent(
    new ClipboardEvent("paste", {{ clipboardData: data, bubbles: true, cancelable: true }}));
}}"""
CHOOSE = f"""async () => {{
  {FILES}
  const input = document.querySelector("#file");
  input.files = data.files;
  input.dispatchEvent(new Event("change", {{ bubbles: true }}));
}}"""
SHRINK = """async (limit) => {
  const { shrink } = await import("./pictures.js");
  const picture = await shrink(document.querySelector(".picture img"), limit);
  return { ...picture, image: null, bytes: picture.image.length };
}"""
PICTURE = "document.querySelector('.picture img')"


async def test_two_windows_chat_in_both_directions(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.say("Hello from the first window")
    await ben.sees("Hello from the first window")
    await ben.say("And from the second: ä 漢 🦦")
    await ada.sees("And from the second: ä 漢 🦦")
    await ben.sees("And from the second: ä 漢 🦦")
    assert await ada.messages() == await ben.messages()
    assert await ada.page.evaluate("document.querySelectorAll('.entry.own').length") == 1
    assert await ada.page.evaluate("document.querySelector('#text').value") == ""


async def test_the_number_of_people_and_their_coming_and_going_are_shown(room: Room) -> None:
    ada = await room.enter()
    await ada.sees("1 online", within="#online")
    ben = await room.enter()
    name = await ben.name()
    assert name != await ada.name()
    await ada.sees("2 online", within="#online")
    await ada.sees(f"{name} joined")
    # A window that vanishes in the middle of an upgrade is only missed by the heartbeat.
    await ben.sees_transport("websocket")
    await ben.page.close()
    await ada.sees("1 online", within="#online")
    await ada.sees(f"{name} left (")


async def test_a_name_can_be_chosen_and_outlives_a_reload(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    before = await ben.name()
    await ben.rename("  Grace   Hopper ")
    await ada.sees(f"{before} is now Grace Hopper")
    await ada.sees("Grace Hopper", within="#people")
    await ben.say("before the reload")
    await ada.sees("before the reload")
    await ben.page.reload()
    await ben.arrive()
    assert await ben.name() == "Grace Hopper"
    await ben.sees("before the reload")
    # What one said oneself stays on one's own side.
    await ben.page.wait_for("document.querySelectorAll('.entry.own').length === 1")


async def test_what_people_write_is_never_markup(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ben.rename(MARKUP)
    await ben.say(MARKUP)
    await ada.sees(MARKUP)
    await ada.sees(MARKUP[:24], within="#people")
    assert await ada.page.evaluate("document.querySelectorAll('#log :is(img, b)').length") == 0


async def test_who_comes_later_sees_what_was_said(room: Room) -> None:
    ada = await room.enter()
    for text in ("one", "two", "three"):
        await ada.say(text)
    await ada.sees("three")
    ben = await room.enter()
    await ben.sees("three")
    assert await ben.messages() == ["one", "two", "three"]


@pytest.mark.parametrize("mode", ["polling", "websocket"])
async def test_a_dropped_picture_reaches_the_others(room: Room, mode: Mode) -> None:
    ada, ben = await room.enter(), await room.enter()
    for person in (ada, ben):
        await person.choose_transport(mode)
    picture = noisy_png(900, 675)
    # As it is, it would not fit.
    assert len(picture) > 1_500_000
    await ada.page.drop_file("#log", "noise.png", "image/png", picture)
    for person in (ada, ben):
        await person.page.wait_for(f"{PICTURE}?.naturalWidth > 0")
    width, height = await ben.page.evaluate(f"[{PICTURE}.naturalWidth, {PICTURE}.naturalHeight]")
    assert (width, height) == (900, 675)
    assert await ben.page.evaluate(f"{PICTURE}.alt") == f"Picture from {await ada.name()}"


@pytest.mark.parametrize("way", [PASTE, CHOOSE], ids=["paste", "choose"])
async def test_a_picture_can_also_be_pasted_or_chosen(room: Room, way: str) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.page.call(way)
    await ben.page.wait_for(f"{PICTURE}?.naturalWidth === 64")


async def test_a_picture_is_scaled_down_as_far_as_needed(room: Room) -> None:
    ada = await room.enter()
    await ada.page.drop_file("#log", "noise.png", "image/png", noisy_png(600, 450))
    await ada.page.wait_for(f"{PICTURE}?.naturalWidth === 600")
    shrunk = await ada.page.call(SHRINK, 20_000)
    assert 0 < shrunk["bytes"] <= 20_000
    assert shrunk["width"] < 600
    assert shrunk["width"] / shrunk["height"] == pytest.approx(4 / 3, rel=0.02)


async def test_a_picture_opens_in_full_and_escape_closes_it(room: Room) -> None:
    ada = await room.enter()
    await ada.page.drop_file("#log", "noise.png", "image/png", noisy_png(40, 30))
    await ada.page.wait_for(f"{PICTURE}?.naturalWidth === 40")
    await ada.page.click(".picture")
    await ada.page.wait_for("document.querySelector('#viewer').open")
    await ada.page.wait_for("document.querySelector('#viewer-image').naturalWidth === 40")
    await ada.page.press("Escape")
    await ada.page.wait_for("!document.querySelector('#viewer').open")


async def test_a_file_that_is_no_picture_is_refused_on_the_page(room: Room) -> None:
    ada = await room.enter()
    await ada.page.drop_file("#log", "notes.txt", "text/plain", b"not a picture")
    await ada.sees("notes.txt is not a picture", within="#hint")
