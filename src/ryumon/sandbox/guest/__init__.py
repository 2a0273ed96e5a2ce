"""What runs inside the sandbox, and the formats that both sides speak.

This folder is the only part of ryumon that a candidate's process can read: it imports nothing outside itself, the
standard library, numpy and msgspec, and it holds no task, case or answer.
"""
