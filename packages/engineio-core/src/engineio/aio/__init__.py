"""The asyncio shell: it owns the loop, one timer, the handlers and their order."""
