"""What people do on the pages of the example chats, whatever the framework behind them."""

from __future__ import annotations

from tests.support.page import Page

__all__ = ["keep_socket", "see", "upgraded"]

_KEEP_SOCKET = """(() => {
  const make = eio;
  window.eio = (...all) => window.socket = make(...all);
  return true;
})()"""


async def keep_socket(page: Page) -> None:
    """Let tests ask for the page's socket, which it keeps to itself; before it opens one."""
    await page.evaluate(_KEEP_SOCKET)


async def upgraded(page: Page) -> None:
    """Wait until WebSocket carries the session.

    A page that goes away while it still polls is missed by the heartbeat alone.
    """
    await page.wait_for("socket.transport.name === 'websocket'")


async def see(page: Page, text: str) -> None:
    """Wait until the page shows a line."""
    await page.wait_for(f"document.querySelector('#lines').innerText.includes({text!r})")
