def priority(work: float, size: float, last: float, rank: float, queue: float) -> float:
    """Returns the priority of a server for a job; the largest gets it. Here: where least work is left."""
    return -work
