"""Makes the project under test the one of this process; imported before anything that needs it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django.site.settings")
django.setup()
