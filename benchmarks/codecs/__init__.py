"""The codecs alone: no server, no socket; ``python -m benchmarks.codecs ours`` prints the metrics.

One module for each library, with the four functions that `Codec` asks for.
"""
