"""The load generator: one process with its own CPU, which also reads what the server has used.

One module for each scenario, with one coroutine ``run(target, options)`` that returns the metrics.
What lives here speaks to a server over a socket and knows it by its port and process id only.
"""
