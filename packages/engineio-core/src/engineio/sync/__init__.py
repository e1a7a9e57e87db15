"""The shell for threads and greenlets: a lock, one timer, the handlers and their order."""
