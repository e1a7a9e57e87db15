"""The servers: one small module for each library and kind of server, as a user would write it.

Each offers two applications: ``echo`` sends every message back to its sender, ``broadcast`` sends
it to all sessions. A new server is such a module and a row in ``sides.py``.
"""
