"""The Slurm job of this process, from the variables that Slurm sets."""
import os
import re
from typing import Any

from .batch_script import has_other_children, runs_only_one

NAMELESS = ("", "sbatch", "wrap", "interactive")  # these only say how a job was submitted


def slurm_facts() -> dict[str, Any]:
    """The Slurm job as a fact of the environment; empty outside of one."""
    job_id = os.environ.get("SLURM_JOB_ID", "")
    if not job_id.isdecimal():
        return {}
    return {"slurm": {
        "job_id": job_id, "array_job_id": os.environ.get("SLURM_ARRAY_JOB_ID"),
        "array_task_id": number("SLURM_ARRAY_TASK_ID"),
        "job_name": os.environ.get("SLURM_JOB_NAME"),
        "cluster": os.environ.get("SLURM_CLUSTER_NAME"),
        "partition": os.environ.get("SLURM_JOB_PARTITION"),
        "node_list": os.environ.get("SLURM_JOB_NODELIST"),
        "restart_count": number("SLURM_RESTART_COUNT") or 0,
        "is_whole_job": is_whole_job(), "own_step_id": own_step_id()}}


def is_whole_job() -> bool:
    """Whether the job does nothing else: this process replaced its batch script by `exec`, or is the
    only program of the script."""
    started = number("SLURM_TASK_PID")
    if started is None or os.environ.get("SLURM_STEP_ID"):  # a script may have several steps of srun
        return False
    if started == os.getpid():
        return not has_other_children(started)
    return started == os.getppid() and runs_only_one(started)


def own_step_id() -> str | None:
    """The step of srun that does nothing else; None if there is none. Several tasks are one training
    if it says that they are its world."""
    step, tasks = os.environ.get("SLURM_STEP_ID", ""), number("SLURM_STEP_NUM_TASKS")
    is_alone = tasks is not None and tasks in (1, number("WORLD_SIZE"))
    is_task = number("SLURM_TASK_PID") == os.getpid()
    return step if step.isdecimal() and is_task and is_alone else None


def array_task_name() -> str | None:
    """The default name of a run in a task of an array, such as train_7; None outside of one, and
    if the array has no name of its own."""
    task, name = number("SLURM_ARRAY_TASK_ID"), os.environ.get("SLURM_JOB_NAME", "")
    if task is None or name in NAMELESS:
        return None
    return re.sub(r"\.(sh|bash|sbatch|slurm|py)$", "", name) + f"_{task}"


def number(variable: str) -> int | None:
    """A variable as a whole number; None if it is none."""
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else None
