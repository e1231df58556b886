"""Samples of the machine usage of a process and its descendants."""
import os
import subprocess
import time
from contextlib import suppress

GIB = 1 << 30
PATIENCE = 5.0  # seconds that nvidia-smi may take
Used = dict[str, float]


class Sampler:
    """Samples a process, its descendants and the GPUs."""

    def __init__(self, process: int) -> None:
        self.process = process
        self._has_gpus = True
        self._sampled_at = time.monotonic()
        self._ticks = {one: ticks for one, (ticks, _) in usage_of_tree(process).items()}

    def sample(self) -> Used:
        """The current usage; processor time counts since the last sample."""
        used = self._gpus()
        tree = usage_of_tree(self.process)
        if tree:
            used["system/cpu_percent"] = self._cpu({one: ticks for one, (ticks, _) in tree.items()})
            used["system/memory_gib"] = round(sum(size for _, size in tree.values()) / GIB, 3)
        return used

    def _cpu(self, ticks: dict[int, int]) -> float:
        """Percent of one processor."""
        now = time.monotonic()
        seconds, self._sampled_at = now - self._sampled_at, now
        used = sum(count - self._ticks.get(one, 0) for one, count in ticks.items())
        self._ticks = ticks
        return round(100 * used / os.sysconf("SC_CLK_TCK") / seconds, 3) if seconds > 0 else 0.0

    def _gpus(self) -> Used:
        """Load and memory of each GPU; without nvidia-smi it is tried only once."""
        if self._has_gpus:
            with suppress(Exception):
                ran = subprocess.run(
                    ["nvidia-smi", "--query-gpu=index,utilization.gpu,memory.used",
                     "--format=csv,noheader,nounits"],
                    capture_output=True, text=True, timeout=PATIENCE, check=True)
                return gpu_values(ran.stdout)
        self._has_gpus = False
        return {}


def gpu_values(printed: str) -> Used:
    """Parses the output of nvidia-smi: one line per GPU with index, load (%) and memory (MiB)."""
    used: Used = {}
    for line in printed.splitlines():
        with suppress(ValueError):
            index, percent, memory = (float(cell) for cell in line.split(","))
            used[f"system/gpu{index:g}_percent"] = percent
            used[f"system/gpu{index:g}_memory_gib"] = round(memory / 1024, 3)
    return used


def usage_of_tree(process: int) -> dict[int, tuple[int, int]]:
    """Processor time (ticks) and memory (bytes) of a process and its descendants; Linux only."""
    parents: dict[int, int] = {}
    used: dict[int, tuple[int, int]] = {}
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with suppress(OSError, ValueError, IndexError):  # it ended in between
                    with open(f"/proc/{name}/stat", "rb") as file:
                        # The command's name is in brackets and may contain any character.
                        fields = file.read().rpartition(b")")[2].split()
                    one = int(name)
                    parents[one] = int(fields[1])
                    pages = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
                    used[one] = int(fields[11]) + int(fields[12]), pages
    return {one: usage for one, usage in used.items() if is_below(one, process, parents)}


def is_below(one: int, process: int, parents: dict[int, int]) -> bool:
    """Whether a process is another process or one of its descendants."""
    seen = set[int]()
    while one != process and one in parents and one not in seen:
        seen.add(one)
        one = parents[one]
    return one == process
