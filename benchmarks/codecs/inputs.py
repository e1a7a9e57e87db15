"""What every codec has to decode and encode."""

from __future__ import annotations

DATA = "x" * 64
FRAME = "4" + DATA
PAYLOAD = "\x1e".join([FRAME] * 16).encode()
ITEMS = [DATA] * 16
