"""The load generator: one process with its own CPU, which also reads what the servers have used.

One module for each scenario, with ``Options`` and a class ``Load``: made for one server, opened
once, and then measured in short slices. What lives here speaks to a server over a socket and knows
it by its port and process id only.
"""
