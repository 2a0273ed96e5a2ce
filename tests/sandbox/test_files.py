"""A candidate sees and changes no file of this machine."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ryumon
from ryumon.sandbox import CandidateFailure, Ending
from ryumon.task import Limits

Ask = Callable[..., Any]
Fail = Callable[..., tuple[CandidateFailure, Ending]]

PACKAGE = Path(ryumon.__file__).parent


def test_the_machines_files_are_not_there(ask: Ask, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("held out")
    secret.chmod(0o644)
    paths = ["/etc/shadow", "/etc/passwd", str(secret), "/proc/1/environ", "/proc/self/mem", "/sys/kernel", "/var/log"]
    source = "def main(paths): return [refused(open, path) for path in paths]"
    assert ask(source, paths) == ["ENOENT"] * len(paths)


def test_ryumon_itself_cannot_be_read(ask: Ask) -> None:
    source = """
    import os, sys
    def main(package):
        found = [os.path.join(folder, name) for folder, _, names in os.walk("/", onerror=None) for name in names]
        try:
            import ryumon
            imported = getattr(ryumon, "__file__", None) or [os.listdir(path) for path in ryumon.__path__]
        except ImportError:
            imported = None
        return os.path.exists(package), imported, [path for path in found if "tasks" in path and "ryumon" in path]
    """
    exists, imported, found = ask(source, str(PACKAGE / "tasks"), limits=Limits(cpu_s=30))
    assert (exists, found) == (False, [])
    assert imported in (None, [["guest"]])


def test_nothing_outside_the_work_folder_can_be_written(ask: Ask) -> None:
    folders = ["/", "/usr", "/dev", "/dev/shm", "/tmp", "/proc", "/.empty", "/.ryumon", sys.prefix, "/box/../x"]
    source = "def main(folders): return [refused(open, f'{folder}/x', 'w') for folder in folders]"
    assert set(ask(source, folders)) <= {"EROFS", "ENOENT", "EACCES", "EPERM"}


def test_the_only_writable_mount_is_the_work_folder(ask: Ask) -> None:
    source = """
    import os
    def main():
        writable = []
        for folder, folders, _ in os.walk("/"):
            if os.access(folder, os.W_OK):
                writable.append(folder)
        return writable
    """
    assert ask(source, limits=Limits(cpu_s=30)) == ["/box"]


def test_one_child_leaves_nothing_for_the_next(ask: Ask) -> None:
    assert ask("def main():\n    open('note', 'w').write('x')\n    import os\n    return sorted(os.listdir('.'))") == [
        "main.py",
        "note",
    ]
    assert ask("def main():\n    import os\n    return sorted(os.listdir('.'))") == ["main.py"]


def test_links_out_of_the_work_folder_lead_nowhere(ask: Ask) -> None:
    source = (
        "def main():\n"
        "    os.symlink('/etc/shadow', 'soft')\n"
        "    return refused(open, 'soft'), refused(os.link, '/usr/bin/env', 'hard')"
    )
    assert ask(source) == ["ENOENT", "EXDEV"]


def test_the_disk_limit_holds_for_bytes(ask: Ask) -> None:
    source = """
    def main():
        written = 0
        try:
            for number in range(64):
                with open(f"fill{number}", "wb", buffering=0) as file:
                    written += file.write(bytes(1 << 20))
        except OSError:
            pass
        return written
    """
    assert 0 < ask(source, limits=Limits(disk_mb=8)) <= 8 << 20


def test_the_disk_limit_holds_for_inodes(ask: Ask) -> None:
    source = """
    import os
    def main():
        count = 0
        try:
            while True:
                os.mkdir(f"d{count}")
                count += 1
        except OSError:
            return count
    """
    assert 0 < ask(source, limits=Limits(disk_mb=1)) < 2000


def test_no_environment_variable_of_the_caller_arrives(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ask("import os\ndef main(): return sorted(os.environ)")
    assert set(names) <= {
        "PATH",
        "LANG",
        "PYTHONHASHSEED",
        "PYTHONDONTWRITEBYTECODE",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "MALLOC_ARENA_MAX",
        "PWD",
    }


def test_no_descriptor_but_its_own_is_open(ask: Ask) -> None:
    source = "def main(): return [number for number in range(200) if refused(os.fstat, number) == 'allowed']"
    assert ask(source) == [0, 1, 2, 3]
