"""The benchmarks: servers side by side on the same machine, in the same run (see README.md).

Run as ``python -m benchmarks`` from the root of the repository. Nothing here is a test, and no
test depends on what it measures.
"""
