"""The Django project behind both sides of Channels: without a database, as far as possible."""

from __future__ import annotations

import django
from django.conf import settings


def set_up() -> None:
    """Make it that of this process."""
    settings.configure(ALLOWED_HOSTS=["*"])
    django.setup(set_prefix=False)
