def priority(duration: float, slack: float, waited: float, work: float, left: float, weight: float) -> float:
    """Returns the priority of a waiting operation; the largest is started. This rule is least slack first."""
    return -slack
