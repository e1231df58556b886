"""Whether a batch script of Slurm runs one program and nothing else."""
import os
import re

LONGEST = 64 << 10  # bytes of a script; a longer one is not judged
SHELLS = ("sh", "bash", "dash", "ksh", "zsh")
# What may run something beside or after the program: operators, groups, substitutions, control words.
OPERATORS = re.compile(r"[;&|(){}`]|<<")
CONTROL = re.compile(r"^(for|while|until|if|case|select|function|time|trap|coproc|alias|eval|exec)\b")
# These end at once and start no program that goes on.
SETUP = re.compile(
    r"^(\w+=\S*$|(module|ml|export|unset|set|shopt|cd|ulimit|umask|echo|date|hostname|pwd|mkdir|"
    r"nvidia-smi|(conda|mamba|micromamba)\s+activate)(\s|$)|"
    r"(source|\.)\s+\S*(activate|\.bashrc|profile|conda\.sh)(\s|$))")
# They look like operators: the ends of `> log 2>&1` and `&> log`, and `${NAME}`.
HARMLESS = re.compile(r"\d*>&\d|&>>?|\$\{\w+\}")


def runs_only_one(shell: int) -> bool:
    """Whether a process is the shell of a batch script whose last line is its only program. A script
    that is written in another way may do more, so it counts as if it did."""
    try:
        with open(f"/proc/{shell}/cmdline", "rb") as file:
            words = [os.fsdecode(word) for word in file.read().split(b"\0")]
        interpreter, script = words[0], next(word for word in words[1:] if not word.startswith("-"))
        # Slurm gives its copy of every batch script this name.
        if os.path.basename(script) != "slurm_script" or os.path.basename(interpreter) not in SHELLS:
            return False
        with open(script, "rb") as file:
            content = file.read(LONGEST + 1)
    except (OSError, StopIteration):  # another user's process, or a system without /proc
        return False
    return len(content) <= LONGEST and is_one_program(content.decode("utf-8", "replace"))


def is_one_program(script: str) -> bool:
    """Whether only the last line of a script is a program, and all others prepare it."""
    lines = [line.strip() for line in script.replace("\\\n", " ").split("\n")]
    *before, last = [line for line in lines if line and not line.startswith("#")] or [""]
    return bool(last) and not is_setup(last) and is_simple(last) and all(
        is_simple(line) and is_setup(line) for line in before)


def is_simple(line: str) -> bool:
    """Whether a line is one command."""
    return not OPERATORS.search(HARMLESS.sub(" ", line)) and not CONTROL.match(line)


def is_setup(line: str) -> bool:
    """Whether a line only prepares a program."""
    return bool(SETUP.match(line))


def has_other_children(process: int) -> bool:
    """Whether a process has children that are not parts of its own program: what a batch script began
    in the background stays with the program that replaces it by `exec`."""
    own = command_line(process)
    others = (command_line(child) for child in children(process))
    return any(words != own and b"multiprocessing" not in b" ".join(words) for words in others if words)


def children(process: int) -> list[int]:
    """The children of a process; empty without /proc."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and parent(name) == process]


def parent(process: str) -> int | None:
    """The parent of a process; None if it has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])  # the name before may hold spaces
    except (OSError, IndexError, ValueError):
        return None


def command_line(process: int) -> list[bytes]:
    """The words of a process; empty if it has ended or belongs to another user."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read().split(b"\0")[:-1]
    except OSError:
        return []
