"""Which process of a distributed training reports it."""
import os
import sys

RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")


def is_first_rank() -> bool:
    """Whether this process is rank 0: torch decides if it is initialised, else the launcher."""
    torch = sys.modules.get("torch.distributed")
    if torch is not None and torch.is_available() and torch.is_initialized():
        return bool(torch.get_rank() == 0)
    # With RANK set, rank 0 may run on any node, so the other variables do not count.
    variables = RANKS[:1] if RANKS[0] in os.environ else RANKS
    return all(os.environ.get(variable, "0") == "0" for variable in variables)
