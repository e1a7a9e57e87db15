"""The Django project behind what is measured on Django: without a database, as far as possible."""

from __future__ import annotations

import django
from django.conf import settings


def set_up(**more: object) -> None:
    """Make it that of this process, with more settings."""
    settings.configure(ALLOWED_HOSTS=["*"], **more)
    django.setup(set_prefix=False)
