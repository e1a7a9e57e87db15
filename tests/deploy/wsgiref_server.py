"""The server of the standard library, which has one thread, on the port that ``PORT`` names."""

from __future__ import annotations

import os
from wsgiref.simple_server import make_server

from tests.deploy.quick import app

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ["PORT"]), app).serve_forever()
