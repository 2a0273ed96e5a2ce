"""What a program says, made safe to show: no keys, and no mark that could steer a terminal or turn a line around."""

DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Returns a text without keys and with its control characters made visible, new lines and tabs aside."""
    from ryumon.redaction import Redactor

    return "".join(
        mark if mark in "\n\t" or harmless(mark) else f"\\x{ord(mark):02x}" for mark in Redactor().text(text)
    )


def harmless(mark: str) -> bool:
    """Returns whether a character shows as itself and does nothing else."""
    return mark.isprintable() and mark not in DIRECTIONS
