"""Django's commands: ``python -m examples.channels_chat.manage migrate``."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.channels_chat.settings")
    execute_from_command_line(sys.argv)
