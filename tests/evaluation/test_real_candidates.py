"""Candidates as users have them, from task to score: data beside them, a process, a compiled program."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Answer, Evaluate, Evaluated
from ryumon.errors import BadInput, RyumonError
from ryumon.evaluation import stand_ins
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.evaluation.trial import Finding
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.store import SqlStore
from ryumon.supervisor import task_digest
from ryumon.task import read_task
from tests.conftest import run_to_end

Make = Callable[..., Path]

ONE = 'name = "real"\ndirection = "minimize"\neditable = ["fit.py"]\nsplits = "one"\n'
HEAD = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Real(Task):
    def cases(self, split, seed):
        return [Case(str(k), k) for k in range({cases})]

    def evaluate(self, program, case):
"""


def task_text(body: str, cases: int = 1) -> str:
    """Returns a task.py whose `evaluate` has this body."""
    return HEAD.replace("{cases}", str(cases)) + "".join(f"        {line}\n" for line in body.splitlines())


def measured(folder: Path, *programs: Program, tier: Tier = "A") -> list[Measured]:
    """Returns how the seed, or the given programs, measure on train, one after the other on one lane."""

    async def inside() -> list[Measured]:
        task = read_task(folder)
        engine = LocalEngine(task, tier, 1)
        try:
            evaluator = Evaluator(engine, task, 0)
            return [await evaluator.read(program, "train", 0) for program in programs or (task.seed,)]
        finally:
            engine.close()

    return asyncio.run(inside())


# --- data ---

READS = """
import os

def fit(x):
    place = os.environ["RYUMON_DATA"]
    try:
        open(f"{place}/numbers/more", "w")
        return 0.0
    except OSError:
        pass
    return float(open(f"{place}/numbers/one").read()) + float(open(f"{place}/single").read())
"""
WITH_DATA = ONE + '[data]\nnumbers = "../data"\nsingle = "../single.txt"\n'
SEEN = """
import os
place = os.environ["RYUMON_DATA"]
own = float(open(f"{place}/numbers/one").read()) + float(open(self.spec.data["single"]).read())
return Result(score=number(program.call("fit.py:fit", 1.0)), metrics={"own": own})
"""


@pytest.fixture
def with_data(tiny: Make, tmp_path: Path) -> Path:
    """Returns a task with a folder and a file of data, which the seed reads and would change."""
    folder = tiny(toml=WITH_DATA, seed=READS, task=task_text(SEEN.strip()))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one").write_text("1.5")
    (tmp_path / "single.txt").write_text("40")
    return folder


@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_data_are_where_candidate_and_worker_look_for_them(
    with_data: Path, tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if tier == "C":  # where nothing keeps a candidate from writing
        (with_data / "seed" / "fit.py").write_text(READS.replace('open(f"{place}/numbers/more", "w")', "raise OSError"))
    (found,) = measured(with_data, tier=tier)
    assert (found.score, found.results[0].metrics) == (41.5, {"own": 41.5})


def test_data_lie_below_a_fixed_folder_of_the_sandbox(with_data: Path) -> None:
    (with_data / "seed" / "fit.py").write_text("def fit(x): return float(open('/data/single').read())\n")
    assert measured(with_data)[0].score == 40.0


def test_changed_data_are_another_task(with_data: Path, tmp_path: Path) -> None:
    before = task_digest(read_task(with_data))
    (tmp_path / "single.txt").write_text("41")
    assert task_digest(read_task(with_data)) != before


def test_a_store_among_the_data_is_refused(with_data: Path, tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "data" / "store")
    with pytest.raises(BadInput, match=r"data\.numbers"):
        run_to_end(store, with_data)


# --- minutes ---

SPINS = """
import ctypes, os

def fit(x):
    ctypes.CDLL(None).prctl(15, b"ry-minutes", 0, 0, 0)
    os.fork()
    while x:
        pass
    return 0.0
"""


def named(name: str) -> list[Path]:
    """Returns the processes of this machine that call themselves `name`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if path.read_bytes().strip() == name.encode():  # other tests' candidates may have names that are no text
                found.append(path.parent)
    return found


def test_a_long_evaluation_is_seen_to_use_cpu_and_ends_with_all_its_processes_when_cancelled(tiny: Make) -> None:
    body = "return Result(score=number(program.call('fit.py:fit', case.data)))"
    folder = tiny(toml=f"{ONE}[limits]\ncpu_s = 600\nprocesses = 4\n", seed=SPINS, task=task_text(body, 2))

    async def inside() -> tuple[float, float, Answer]:
        task = read_task(folder)
        engine = LocalEngine(task, "A", 1)
        try:
            spinning = asyncio.ensure_future(engine.ask(request(task.seed, 1)))
            while (seen := engine.candidates_cpu_s()) < 0.3:
                await asyncio.sleep(0)
            spinning.cancel()
            await asyncio.gather(spinning, return_exceptions=True)
            async with asyncio.timeout(20):  # the kernel takes a moment to end them
                while named("ry-minutes"):
                    await asyncio.sleep(0)
            answer = await engine.ask(request(Program({"fit.py": "def fit(x): return 0.0"}), 0))
            return seen, engine.candidates_cpu_s(), answer
        finally:
            engine.close()

    def request(program: Program, case: int) -> Evaluate:
        return Evaluate(id=0, files=program.files, split="train", seed=0, cases=(case,))

    seen, after, answer = asyncio.run(inside())
    assert isinstance(answer, Evaluated)
    assert answer.status == "ok"
    assert after >= seen + answer.cpu_s


# --- a process ---

SCRIPT = """#!/bin/sh
read n
[ "$n" = 3 ] && { echo "no threes" >&2; exit 7; }
echo "$((n * 2))"
"""
RUNS = """
from ryumon.evaluation.claims import numbers
(answer,) = numbers(program.run(f"{case.data}\\n"), 1)
return Result(score=abs(answer - 2 * case.data))
""".strip()


def running(tiny: Make, toml: str, files: dict[str, str], body: str = RUNS, cases: int = 3) -> Path:
    """Returns a task whose seed is `files`, run as a process."""
    folder = tiny(toml=toml, task=task_text(body, cases))
    (folder / "seed" / "fit.py").unlink()
    for name, text in files.items():
        (folder / "seed" / name).write_text(text)
    return folder


def shell(tiny: Make, more: str = "", **settings: object) -> Path:
    """Returns a task whose candidates are shell scripts."""
    toml = (
        'name = "real"\ndirection = "minimize"\nlanguage = "shell"\neditable = ["main.sh"]\n'
        f'run = ["./main.sh"]\n{more}[limits]\nprocesses = 4\n'
    )
    return running(tiny, toml, {"main.sh": SCRIPT}, **settings)  # type: ignore[arg-type]


def test_a_script_is_fed_and_scored_by_its_output(tiny: Make) -> None:
    (found,) = measured(shell(tiny))
    assert (found.status, found.score) == ("ok", 0.0)


def test_a_script_that_fails_fails_its_case_and_says_why(tiny: Make) -> None:
    (found,) = measured(shell(tiny, cases=4))
    assert (found.status, len(found.results)) == ("error", 3)
    assert found.reason == "./main.sh ended with exit code 7\nno threes"
    assert found.log == "no threes\n"
    (found,) = measured(shell(tiny, more="worst_score = 9.0\n", cases=5))
    assert [result.score for result in found.results] == [0.0, 0.0, 0.0, 9.0, 0.0]


@pytest.mark.parametrize(
    ("line", "status"),
    [("echo", "invalid"), ("printf '\\377'", "invalid"), ("echo nonsense", "invalid"), ("exit 1", "error")],
)
def test_an_output_that_is_no_answer_never_scores(tiny: Make, line: str, status: str) -> None:
    folder = shell(tiny)
    (found,) = measured(folder, Program({"main.sh": f"#!/bin/sh\n{line}\n"}))
    assert (found.status, found.score) == (status, None)


def test_a_python_program_runs_by_default_and_bytes_stay_bytes(tiny: Make) -> None:
    body = "answer = program.run(b'\\xff\\x00')\nreturn Result(score=float(answer == b'\\x00\\xff'))"
    source = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])\n"
    folder = running(tiny, f"{ONE}[limits]\nprocesses = 2\n", {"fit.py": source}, body)
    assert measured(folder)[0].score == 1.0


def test_the_same_output_is_the_same_behaviour(tiny: Make) -> None:
    longer = Program({"main.sh": "#!/bin/sh\nread n\nexpr $n + $n; true\n"})
    first, second = measured(shell(tiny), read_task(shell(tiny)).seed, longer)
    assert first.behaviours == second.behaviours


def checked(folder: Path) -> dict[str, Finding]:
    """Returns what a check finds of outputs that are no answers."""
    found = asyncio.run(stand_ins.stood_in(read_task(folder), "A", 0))
    return {finding.what.removeprefix("planted: "): finding for finding in found}


def test_a_check_finds_what_an_evaluator_takes_for_an_answer(tiny: Make) -> None:
    sound = checked(shell(tiny))
    assert set(sound) == set(stand_ins.OUTPUTS)
    assert all(outcome.passed for outcome in sound.values()), sound
    believing = "return Result(score=min(1e9, float(program.run(str(case.data)))))"
    found = checked(shell(tiny, body=believing))
    failed = {name for name, outcome in found.items() if not outcome.passed}
    assert failed == {"prints a word", "prints nothing", "prints a hugely negative number"}


def test_a_check_plants_no_output_where_no_process_runs(tiny: Make) -> None:
    body = "return Result(score=number(program.call('fit.py:fit', 1.0)))"
    assert checked(tiny(toml=f"{ONE}[limits]\nprocesses = 4\n", task=task_text(body))) == {}


def test_a_language_that_mutate_does_not_know_is_one_clear_line(tiny: Make, store: SqlStore) -> None:
    with pytest.raises(RyumonError, match="language 'shell'"):
        run_to_end(store, shell(tiny), budget="2ev")


# --- a build ---

BUILD = """
name = "real"
direction = "minimize"
language = "{language}"
editable = ["main.{suffix}"]
run = ["./main"]
[build]
command = {command}
[build.limits]
cpu_s = 10
[limits]
processes = 4
"""
# Stands in for a compiler: takes a text apart, and leaves a program. Counts how often it ran by what it prints.
TRANSLATES = [
    "sh",
    "-c",
    "grep -q syntax main.txt && { echo 'main.txt:1: error'; exit 1; }; echo built; cp main.txt main",
]


def building(tiny: Make, text: str = SCRIPT, command: Sequence[str] = TRANSLATES) -> Path:
    """Returns a task whose candidates are built by `command` from main.txt."""
    words = "[" + ", ".join(f'"""{word}"""' for word in command) + "]"
    toml = BUILD.format(language="shell", suffix="txt", command=words)
    return running(tiny, toml, {"main.txt": text})


def test_a_program_is_built_once_for_all_its_cases(tiny: Make) -> None:
    found, again = measured(building(tiny), *[read_task(building(tiny)).seed] * 2)
    assert (found.status, found.score, found.log) == ("ok", 0.0, "built\n")
    assert (again.status, again.score, again.log) == ("ok", 0.0, "")


def test_a_program_that_does_not_build_fails_with_the_compilers_words(tiny: Make) -> None:
    folder = building(tiny)
    broken = Program({"main.txt": "syntax"})
    for found in measured(folder, broken, broken):
        assert (found.status, found.results) == ("error", ())
        assert "the build failed: sh ended with exit code 1\nmain.txt:1: error" in found.reason


def test_no_case_alters_what_the_next_one_runs(tiny: Make) -> None:
    spoils = SCRIPT + "chmod u+w main; echo 'echo 0' > main.new; mv main.new main\n"
    (found,) = measured(building(tiny, spoils))
    assert (found.status, found.score) == ("ok", 0.0)


def test_a_build_is_under_limits_of_its_own_and_has_a_second_chance(tiny: Make) -> None:
    folder = building(tiny, command=["sh", "-c", "while :; do :; done"])
    toml = (folder / "task.toml").read_text().replace("cpu_s = 10", "cpu_s = 0.2")
    (folder / "task.toml").write_text(toml)
    (found,) = measured(folder)
    assert found.status == "cpu_limit"
    assert found.reason == "the build failed: used its 0.4 s of CPU time"


C = """
#include <stdio.h>
int main(void) {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    printf("%d\\n", 2 * n);
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc here")
def test_a_c_program_is_compiled_and_run(tiny: Make) -> None:
    toml = BUILD.format(language="c", suffix="c", command='["gcc", "-O2", "main.c", "-o", "main"]')
    folder = running(tiny, toml, {"main.c": C})
    found, broken = measured(folder, read_task(folder).seed, Program({"main.c": "int main(void) { return x; }"}))
    assert (found.status, found.score) == ("ok", 0.0)
    assert broken.status == "error"
    assert "main.c:1:25: error:" in broken.reason
