"""What docs/howto/getting-started.md tells users to write works as it stands there."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.interop.runtimes import Client
from tests.support.browser import Asset, Browser

pytestmark = pytest.mark.interop

FOLDER = Path(__file__).parent
TEXT = (FOLDER.parents[1] / "docs/howto/getting-started.md").read_text("utf-8")
BUNDLE = Client.V4.bundle.with_name("engine.io.min.js")
ADDRESS = "http://127.0.0.1:8000"
PATIENCE = 30.0


def snippet(language: str) -> str:
    """The first piece of code in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Where the server of the page runs, started by the command of the page."""
    (tmp_path / "chat.py").write_text(snippet("python"), "utf-8")
    assert "\n    uvicorn chat:app\n" in TEXT
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ("-m", "uvicorn", "chat:app", "--port", str(port))
    server = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=tmp_path)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            writer.close()
            await writer.wait_closed()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        await server.wait()


async def test_the_module_in_node(address: str) -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js is missing: run scripts/setup, which installs it"
    code = snippet("js")
    assert ADDRESS in code
    code = code.replace(ADDRESS, address) + 'socket.on("message", () => socket.close());\n'

    process = await asyncio.create_subprocess_exec(
        *(node, "--input-type=module", "-e", code),
        cwd=FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()

    assert output.decode() == "hello\n"
    assert process.returncode == 0


async def test_the_script_in_a_browser(address: str, browser: Browser) -> None:
    code = snippet("html")
    assert ADDRESS in code
    assert BUNDLE.name in code
    page = await browser.page()
    listener = "<script>const lines = []; console.log = (line) => lines.push(line);</script>"
    assets = {
        "/page/": Asset("text/html", (listener + code.replace(ADDRESS, address)).encode()),
        f"/page/{BUNDLE.name}": Asset("text/javascript", BUNDLE.read_bytes()),
    }
    await page.serve(assets, under="/page/")
    await page.goto(f"{address}/page/")

    lines = await page.call(
        """() => new Promise((resolve) => {
          const look = () => (lines.length > 0 ? resolve(lines) : setTimeout(look, 20));
          look();
        })""",
        timeout=PATIENCE,
    )

    assert lines == ["hello"]
    assert not page.errors, page.errors
    await page.close()
