"""What was said."""

from django.conf import settings
from django.db import models


class Message(models.Model):
    """One line of the chat."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.CharField(max_length=2_000)
    sent = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The first one was said first."""

        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.author}: {self.text}"
