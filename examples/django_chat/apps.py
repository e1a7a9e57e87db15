"""The application of the chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Its name is a dotted one, because the folder is a part of the repository."""

    name = "examples.django_chat"
    label = "chat"
