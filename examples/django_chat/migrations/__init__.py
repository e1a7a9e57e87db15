"""The database of the chat."""
