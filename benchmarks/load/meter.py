"""What a server has used: CPU time and memory of its processes, read from Linux.

What lives here reads ``/proc`` and the clocks. It never changes a process.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used between two readings, in seconds.

    Attributes:
        elapsed: Time on the wall.
        cpu: User and system time of the server, to the nanosecond.
        user: The part of it in user mode, to about 10 ms.
        load: User and system time of the load generator itself.
        other: Time the server's CPU spent on anybody else: a measure of how quiet the machine was.
    """

    elapsed: float
    cpu: float
    user: float
    load: float
    other: float

    def metrics(self, count: int) -> dict[str, float]:
        """The metrics that all scenarios of ``count`` operations have in common."""
        return {
            "count": count,
            "seconds": self.elapsed,
            "rate": count / self.elapsed,
            "cpu_us": self.cpu / count * 1e6,
            "user_us": self.user / count * 1e6,
            "server_busy": self.cpu / self.elapsed,
            "load_busy": self.load / self.elapsed,
            "other_busy": self.other / self.elapsed,
        }


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of the server in KiB: resident, and the proportional share of it."""

    rss: float
    pss: float


class Meter:
    """Reads the counters of a server process and of all its descendants (workers).

    Args:
        pid: The process that was started.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._cpus = os.sched_getaffinity(pid)
        self._before = self._read()

    def start(self) -> None:
        """Begin a window."""
        self._before = self._read()

    def stop(self) -> Usage:
        """What was used since `start`."""
        elapsed, cpu, user, load, busy = (
            after - before for after, before in zip(self._read(), self._before, strict=True)
        )
        # /proc/stat counts in ticks, so a quiet CPU can come out a little below the process.
        return Usage(elapsed, cpu, user, load, max(0.0, busy - cpu))

    def memory(self) -> Memory:
        """What the server holds now."""
        totals = {"Rss": 0, "Pss": 0}
        for pid in self._pids():
            for name, value in _fields(Path(f"/proc/{pid}/smaps_rollup")):
                if name in totals:
                    totals[name] += value
        return Memory(totals["Rss"], totals["Pss"])

    def peak_rss(self) -> float:
        """The most memory that the server ever had resident, in MiB."""
        return sum(dict(_fields(Path(f"/proc/{p}/status")))["VmHWM"] for p in self._pids()) / 1024

    def _read(self) -> tuple[float, float, float, float, float]:
        pids = self._pids()
        return (
            time.perf_counter(),
            sum(time.clock_gettime(_cpu_clock(pid)) for pid in pids),
            sum(_user_seconds(pid) for pid in pids),
            time.process_time(),
            _busy_seconds(self._cpus),
        )

    def _pids(self) -> list[int]:
        pids = [self._pid]
        for pid in pids:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                pids += map(int, children.read_text().split())
        return pids


def _cpu_clock(pid: int) -> int:
    # What clock_getcpuclockid(3) computes: the inverted pid, and 2 for "CPU time of the process".
    return (~pid << 3) | 2


def _user_seconds(pid: int) -> float:
    # The name of the program, in parentheses, may hold spaces; utime is the 12th field after it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / _TICK


def _busy_seconds(cpus: set[int]) -> float:
    busy = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cpus:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
            busy += user + nice + system + irq + softirq + steal
    return busy / _TICK


def _fields(path: Path) -> list[tuple[str, int]]:
    """The ``Name:  123 kB`` lines of a file."""
    pairs = (line.partition(":") for line in path.read_text().splitlines())
    return [(n, int(v.removesuffix(" kB"))) for n, _, v in pairs if v.endswith(" kB")]
