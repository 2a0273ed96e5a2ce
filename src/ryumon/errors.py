"""Everything that ryumon raises on purpose.

Each message is one line that says what is wrong, where, and what to do; the command line prints it and exits with 2.
"""


class RyumonError(Exception):
    """Base of every error that a user can cause or mend."""


class BadInput(RyumonError):
    """An argument, a file or a setting that cannot be used as it is."""


class TaskError(RyumonError):
    """A task that is broken: its files, its cases or its evaluator."""


class SandboxError(RyumonError):
    """The sandbox cannot be set up, or is weaker than what was asked for."""


class StoreError(RyumonError):
    """The store cannot be read or written, or what it holds was altered."""


class StoreBusy(StoreError):
    """Another process holds the store's write lock for longer than this one was to wait."""


class RoleError(RyumonError):
    """A process of the run (worker, zygote, improver) died or broke its protocol."""


class RoleGone(RoleError):
    """A process of the run is no longer there."""
