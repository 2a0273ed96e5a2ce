"""Attacks on this machine's files."""

from ryumon.task import Limits
from tests.sandbox.abuse.abuse import Abuse, Outcome, everywhere, found

_MIB = 1 << 20
_VARIABLES = {
    *("PATH", "LANG", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PWD"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"),
}


def _wrote(outcome: Outcome, limits: Limits) -> bool:
    return bool(outcome.touched or outcome.claim)


ABUSES = (
    Abuse(
        name="reads a file of the machine",
        source="""
        from attack import *
        def main(world):
            paths = [world["secret"], "/proc/1/root" + world["secret"], "/proc/self/cwd/.." + world["secret"]]
            return [attempt(read, path) for path in paths]
        """,
        won=found,
        off=everywhere("view"),
    ),
    Abuse(
        name="reads a file of root's",
        source="""
        from attack import *
        def main(world):
            return [attempt(read, world["private"]), attempt(read, "/etc/shadow")]
        """,
        won=lambda outcome, limits: found(outcome, limits) or "root:" in repr(outcome.claim),
        off=everywhere("view", "ordinary user"),
    ),
    Abuse(
        name="reads held-out data that lies among installed packages",
        source="""
        from attack import *
        def main(world):
            return attempt(read, world["held_out"])
        """,
        won=found,
        off=everywhere("masks"),
    ),
    Abuse(
        name="reads the tasks of ryumon itself",
        source="""
        from attack import *
        def main(world):
            try:
                import ryumon.tasks.bin_packing.task
            except ImportError:
                return attempt(read, world["task"])
            return read(ryumon.tasks.bin_packing.task.__file__)
        """,
        won=lambda outcome, limits: "class BinPacking" in repr(outcome.claim),
        off=everywhere("view", "masks"),
    ),
    Abuse(
        name="writes outside the work folder",
        source="""
        from attack import *
        def write(path):
            with open(path, "ab") as file:
                file.write(b"forged")
            return "written"
        def main(world):
            folders = ["/", "/usr", "/dev", "/dev/shm", "/tmp", "/proc", "/.empty", "/.ryumon", sys.prefix, "/box/.."]
            paths = [world["scores"], world["folder"] + "/x", *(f"{folder}/x" for folder in folders)]
            return [path for path in paths if attempt(write, path) == "written"]
        """,
        won=_wrote,
        off={"A": ("view", "read-only"), "B": ("child's domain", "role's domain")},
    ),
    Abuse(
        name="changes the mode and the times of files that it may not open",
        source="""
        from attack import *
        def main(world):
            for path in (world["mine"], world["scores"]):
                attempt(os.chmod, path, 0o777)
                attempt(os.utime, path)
                attempt(os.utime, path, (0, 0))
                attempt(os.chown, path, os.getuid(), os.getgid())
        """,
        won=_wrote,
        off={"A": ("view", "read-only"), "B": ("system calls", "role's system calls")},
    ),
    Abuse(
        name="links its work folder to files of the machine",
        source="""
        from attack import *
        def main(world):
            made = [attempt(os.symlink, world["secret"], "soft"), attempt(os.link, world["secret"], "hard")]
            return [made, attempt(read, "soft"), attempt(read, "hard"), attempt(os.link, sys.executable, "python")]
        """,
        won=lambda outcome, limits: found(outcome, limits) or (outcome.status == "ok" and outcome.claim[3] is None),
        off={"A": ("view",)},
    ),
    Abuse(
        name="leaves a note for the next candidate",
        source="""
        from attack import *
        def main(world):
            for folder in ("/box", "/tmp", "/dev/shm", "/var/tmp", "/run"):
                attempt(lambda: open(folder + "/note", "x").write("from before"))
        """,
        then="""
        from attack import *
        def main(world):
            folders = ("/box", "/tmp", "/dev/shm", "/var/tmp", "/run")
            return [read(folder + "/note") for folder in folders if os.path.exists(folder + "/note")]
        """,
        won=lambda outcome, limits: b"from before" in (outcome.neighbour or []),
        off={"A": ("namespaces", "read-only")},
    ),
    Abuse(
        name="fills the disk",
        source="""
        def main(world):
            written = 0
            for number in range(6):
                try:
                    with open(f"fill{number}", "wb", buffering=0) as file:
                        for _ in range(4):
                            written += file.write(bytes(1 << 20))
                except OSError:
                    pass
            return written
        """,
        limits=Limits(disk_mb=8),
        won=lambda outcome, limits: outcome.claim is not None and outcome.claim > limits.disk_mb * _MIB,
        off={"A": ("size of the work folder",)},
    ),
    Abuse(
        name="fills the disk with inodes",
        source="""
        from attack import *
        def main(world):
            return sum(attempt(os.mkdir, f"d{number}") is None for number in range(2000))
        """,
        limits=Limits(disk_mb=1),
        won=lambda outcome, limits: outcome.claim is not None and outcome.claim > 1500,
        off={"A": ("size of the work folder",)},
    ),
    Abuse(
        name="reads the keys in the environment",
        source="""
        from attack import *
        def main(world):
            environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
            raw, place = [], 0
            while environ and environ[place]:
                raw.append(environ[place])
                place += 1
            return [dict(os.environ), raw, attempt(read, "/proc/self/environ"), attempt(read, "/proc/1/environ")]
        """,
        won=lambda outcome, limits: found(outcome, limits) or not set(outcome.claim[0]) <= _VARIABLES,
        off=everywhere("empty environment"),
    ),
    Abuse(
        name="looks for any folder that it may write to",
        source="""
        from attack import *
        def writable(folder):
            path = os.path.join(folder, "ryumon-was-here")
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            os.unlink(path)
            return True
        def main(world):
            found = []
            for folder, below, _ in os.walk("/"):
                if folder.count("/") > 3:
                    below.clear()
                if folder != "/box" and os.access(folder, os.W_OK) and attempt(writable, folder) is True:
                    found.append(folder)
            return found
        """,
        limits=Limits(cpu_s=30),
        processes=(1,),
        won=_wrote,
        off={"A": ("view", "read-only"), "B": ("system calls", "child's domain", "role's domain")},
    ),
)
