def worth(now: float, uses: float, gap: float, before: float) -> float:
    """Returns what a page is worth at its use; the least worthy makes room. This policy is least recently used."""
    return now
