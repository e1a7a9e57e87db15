"""Time the four functions of one codec and print the metrics as JSON."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from statistics import median
from time import process_time
from timeit import Timer

_FUNCTIONS = ("decode", "encode", "decode_payload", "encode_payload")
_REPEATS = 7


def main() -> None:
    """Time the module of ``benchmarks.codecs`` that the command line names."""
    codec = importlib.import_module(f"benchmarks.codecs.{sys.argv[1]}")
    print(json.dumps({f"{name}_us": _time(getattr(codec, name)) for name in _FUNCTIONS}))


def _time(function: Callable[[], object]) -> float:
    """Microseconds of a call: the median of several repeats of 0.2 s or more."""
    # CPU time: whoever else uses the CPU does not count.
    timer = Timer(function, timer=process_time)
    count, _ = timer.autorange()
    return median(timer.repeat(_REPEATS, count)) / count * 1e6


main()
