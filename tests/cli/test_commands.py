"""The commands as a user meets them: one object at the end, one line of complaint, exit code 2."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon.cli import main
from ryumon.store import SqlStore
from tests.adoption.peers import lay_out
from tests.conftest import TASK, TOML, run_to_end

Make = Callable[..., Path]
Capture = pytest.CaptureFixture[str]


def ryumon(capsys: Capture, *arguments: object, code: int = 0) -> str:
    """Returns what a command prints, on stdout or as its complaint, and checks its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    assert ended.value.code == code, printed.err
    if code == 2:
        assert printed.err.startswith("ryumon: ")
        assert printed.err.count("\n") == 1, printed.err
        return printed.err
    return printed.out


def last(out: str) -> Any:
    """Returns the object on the last line."""
    return json.loads(out.rstrip().splitlines()[-1])


@pytest.fixture
def done(tiny: Make, store: SqlStore, tmp_path: Path) -> str:
    """Returns the folder of a store that holds one finished run, `r`."""
    run_to_end(store, tiny(), budget="25ev", name="r")
    return str(tmp_path / "store")


def test_run_prints_one_object_with_every_promised_field(capsys: Capture, tiny: Make, tmp_path: Path) -> None:
    out = ryumon(capsys, "run", tiny(), "--budget", "8ev", "--json", "--store", tmp_path / "s", "--test-seed", 3)
    found = last(out)
    assert len(out.splitlines()) == 1
    assert list(found) == [
        "run", "task", "improver", "seed", "lookahead", "tier", "evaluations", "failed", "wall_s", "cpu_s", "cost_usd",
        "tokens", "baseline", "champion", "verdict", "control", "stopped", "head",
    ]  # fmt: skip
    assert set(found["baseline"]) == {"train", "validation", "test"}
    assert set(found["champion"]) == {"id", "train", "validation", "test", "ci95"}
    assert found["tokens"] == {"prompt": 0, "completion": 0}
    assert (found["evaluations"], found["control"], found["tier"]) == (8, "none", "A")


def test_without_a_sandbox_a_run_wants_to_be_told_so_and_says_its_tier(
    capsys: Capture, tiny: Make, tmp_path: Path
) -> None:
    common = ("run", tiny(), "--budget", "4ev", "--json", "--store", tmp_path / "s", "--unsafe-no-sandbox")
    assert last(ryumon(capsys, *common))["tier"] == "C"
    assert "below the tier A" in ryumon(capsys, *common, "--min-tier", "A", code=2)


def test_run_without_a_terminal_prints_plain_lines_and_the_outcome(capsys: Capture, tiny: Make, tmp_path: Path) -> None:
    out = ryumon(capsys, "run", tiny(), "--budget", "8ev", "--store", tmp_path / "s")
    assert "tiny, mutate, seed 0, budget 8ev, sandbox tier A" in out
    assert "verdict" in out
    assert "\x1b" not in out


def test_every_look_at_a_run_works_as_text_and_as_json(capsys: Capture, done: str) -> None:
    for command in ("runs", "show", "diff", "export", "audit"):
        assert ryumon(capsys, command, *([] if command == "runs" else ["r"]), "--store", done).strip()
        assert last(ryumon(capsys, command, "--json", "--store", done))


def test_show_tells_the_path_from_the_seed_and_what_operators_did(capsys: Capture, done: str) -> None:
    shown = last(ryumon(capsys, "show", "r", "--json", "--store", done))
    assert shown["path"][0]["operator"] == "seed"
    assert shown["path"][-1]["id"] == shown["summary"]["champion"]["id"]
    assert sum(credit["tried"] for credit in shown["operators"].values()) == 25


def test_export_lists_programs_in_commit_order_and_writes_the_champion(
    capsys: Capture, done: str, tmp_path: Path
) -> None:
    listed = last(ryumon(capsys, "export", "r", "--json", "--store", done))
    assert [program["index"] for program in listed["programs"]] == list(range(-1, len(listed["programs"]) - 1))
    assert {"id", "parents", "operator", "status", "score"} <= set(listed["programs"][0])
    ryumon(capsys, "export", "r", "--champion", tmp_path / "out", "--store", done)
    assert (tmp_path / "out" / "fit.py").exists()
    assert "empty folder" in ryumon(capsys, "export", "r", "--champion", tmp_path / "out", "--store", done, code=2)


def test_audit_checks_the_head_and_notices_one_changed_byte(capsys: Capture, done: str) -> None:
    head = last(ryumon(capsys, "audit", "r", "--json", "--store", done))["head"]
    ryumon(capsys, "audit", "r", "--head", head, "--store", done)
    assert "head" in ryumon(capsys, "audit", "r", "--head", "00" * 32, "--store", done, code=2)
    with sqlite3.connect(Path(done) / "store.db") as raw:
        (body,) = raw.execute("SELECT body FROM events WHERE seq = 3").fetchone()
        changed = bytes([*body[:-1], body[-1] ^ 1])
        raw.execute("UPDATE events SET body = ? WHERE seq = 3", (changed,))
    assert "event 3" in ryumon(capsys, "audit", "r", "--store", done, code=2)


def test_audit_notices_events_cut_off_at_the_end_by_the_head(capsys: Capture, done: str) -> None:
    head = last(ryumon(capsys, "audit", "r", "--json", "--store", done))["head"]
    with sqlite3.connect(Path(done) / "store.db") as raw:
        raw.execute("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)")
    ryumon(capsys, "audit", "r", "--head", head, "--store", done, code=2)


def test_resume_extends_a_finished_run(capsys: Capture, done: str) -> None:
    found = last(ryumon(capsys, "resume", "r", "--budget", "+5ev", "--json", "--store", done))
    assert found["evaluations"] == 30
    assert found["verdict"]


def test_resuming_a_finished_run_without_more_budget_says_what_it_came_to(capsys: Capture, done: str) -> None:
    before = last(ryumon(capsys, "audit", "r", "--json", "--store", done))["head"]
    assert last(ryumon(capsys, "resume", "r", "--json", "--store", done))["head"] == before


def test_tasks_lists_what_is_installed_with_reference_figures(capsys: Capture) -> None:
    names = {task["name"] for task in last(ryumon(capsys, "tasks", "--json"))["tasks"]}
    assert {"bin-packing", "circle-packing", "job-shop"} <= names
    assert "FunSearch" in ryumon(capsys, "tasks")


def test_tasks_suite_lists_each_family_with_its_group_and_what_a_gain_is_measured_against(capsys: Capture) -> None:
    found = last(ryumon(capsys, "tasks", "--suite", "--json"))["families"]
    assert len(found) == 12
    for family in found:
        assert family["group"] in ("train", "validation", "sealed")
        assert family["seed"] != family["reference"]
        assert family["heuristic"]
        assert family["source"]
        assert family["metric"]
    text = ryumon(capsys, "tasks", "--suite")
    assert all(family["name"] in text and family["heuristic"] in text for family in found)


def test_tasks_records_lists_the_records_with_what_is_best_known_and_the_plain_list_counts_them(
    capsys: Capture,
) -> None:
    found = last(ryumon(capsys, "tasks", "--records", "--json"))["tasks"]
    assert len(found) == 14
    assert "circle-packing" in {task["name"] for task in found}
    text, plain = ryumon(capsys, "tasks", "--records"), ryumon(capsys, "tasks")
    for task in found:
        assert task["name"] in text
        assert task["name"] not in plain
        assert all(name in text for name in task["reference"])
    assert "14 verified optimisation records" in plain


def test_the_sealed_families_are_in_no_list_for_training(capsys: Capture) -> None:
    from ryumon.tasks.suite import families

    sealed = {family.name for family in families("sealed")}
    assert sealed
    assert not sealed & {task["name"] for task in last(ryumon(capsys, "tasks", "--json"))["tasks"]}
    assert not sealed & {family.name for group in ("train", "validation") for family in families(group)}


def test_a_task_from_new_passes_check_and_runs(capsys: Capture, tmp_path: Path) -> None:
    ryumon(capsys, "new", tmp_path / "mine")
    report = last(ryumon(capsys, "check", tmp_path / "mine", "--json"))
    assert report["passed"], report
    assert len(report["findings"]) > 8
    found = last(ryumon(capsys, "run", tmp_path / "mine", "--budget", "6ev", "--json", "--store", tmp_path / "s"))
    assert found["task"] == "mine"
    assert "empty folder" in ryumon(capsys, "new", tmp_path / "mine", code=2)


@pytest.mark.parametrize("system", ["openevolve", "shinka"])
def test_a_task_of_another_system_is_adopted_runs_and_is_told_to_be_split(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "theirs" / "curve-task", system)
    made = ryumon(capsys, "new", "--from", system, "theirs/curve-task")
    assert "unseparated" in made
    assert "runs beside the candidate" in ryumon(capsys, "check", "curve-task", code=1)
    found = ryumon(capsys, "run", "curve-task", "--budget", "6ev", "--name", "r")
    assert "could forge the score" in found
    assert "could forge the score" in ryumon(capsys, "show", "r")
    assert "empty folder" in ryumon(capsys, "new", "--from", system, "theirs/curve-task", code=2)
    assert "unknown system" in ryumon(capsys, "new", "x", "--from", "funsearch", "theirs/curve-task", code=2)
    assert "no folder" in ryumon(capsys, "new", "x", "--from", system, "nowhere", code=2)
    assert "name the new folder" in ryumon(capsys, "new", code=2)
    assert not (tmp_path / "x").exists()


def test_check_fails_a_task_that_trusts_what_it_is_told(capsys: Capture, tiny: Make) -> None:
    trusting = TASK.replace("number(program.call", "(program.call").replace("score=sum(errors)", "score=0.0")
    out = ryumon(capsys, "check", tiny(task=trusting.replace("- math.exp(x)", "== 1")), code=1)
    assert "FAIL" in out


def test_check_fails_a_task_whose_score_wanders(capsys: Capture, tiny: Make) -> None:
    wandering = TASK.replace("score=sum(errors)", "score=random.random()")
    assert "it must be 0" in ryumon(capsys, "check", tiny(task=wandering), code=1)


def test_sandbox_prints_claim_log_status_usage_and_tier(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def main():\n    print('seen')\n    return {'x': [1, 2.5]}\n")
    found = last(ryumon(capsys, "sandbox", file, "--json"))
    assert set(found) == {"claim", "log", "status", "usage", "tier"}
    assert (found["claim"], found["log"], found["status"], found["tier"]) == ({"x": [1, 2.5]}, "seen\n", "ok", "A")
    file.write_text("def main():\n    raise ValueError('no')\n")
    found = last(ryumon(capsys, "sandbox", file, "--json"))
    assert (found["claim"], found["status"]) == (None, "error")


BROKEN_SPLITS = {
    "splits share their cases": ('f"{split} {seed}"', '"same"', "stand in two splits"),
    "cases come from nowhere": ('random.Random(f"{split} {seed}")', "random.Random()", "differ between two processes"),
    "the claim is the score": ("score=sum(errors)", "score=program.call('fit.py:fit', 1.0)", "taken for the score"),
    "a shape check that misses NaN": ("number(program.call", "float(program.call", "FAIL"),
}


@pytest.mark.parametrize("what", BROKEN_SPLITS)
def test_check_finds_what_would_make_a_verdict_worthless(capsys: Capture, tiny: Make, what: str) -> None:
    old, new, said = BROKEN_SPLITS[what]
    task = TASK.replace(old, new)
    if "NaN" in what:
        task = task.replace(
            "for x in case.data]", "for x in case.data]\n        errors = [e if e == e else 0.0 for e in errors]"
        )
    assert said in ryumon(capsys, "check", tiny(task=task), code=1)


def test_an_evaluators_error_names_its_line(capsys: Capture, tiny: Make) -> None:
    task = TASK.replace("errors = [", "gone = {}['key']\n        errors = [")
    line = task[: task.index("gone = ")].count("\n") + 1
    assert f"(task.py, line {line}, in evaluate)" in ryumon(capsys, "check", tiny(task=task), code=2)


def test_check_shows_refusals_also_where_a_failed_case_has_a_worst_score(capsys: Capture, tiny: Make) -> None:
    toml = TOML.replace("budget", "worst_score = 9.0\nbudget")
    assert last(ryumon(capsys, "check", tiny(toml=toml), "--json"))["passed"]


def test_what_a_program_prints_does_not_steer_the_terminal(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def main():\n    print('\\x1b[2J\\x07red')\n    return 1j\n")
    out = ryumon(capsys, "sandbox", file)
    assert "\\x1b[2J\\x07red" in out
    assert "\x1b" not in out
    ryumon(capsys, "sandbox", file, "--json")


def test_doctor_says_the_tier_and_names_no_key(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-value")
    out = ryumon(capsys, "doctor")
    assert "tier A" in out
    assert "OPENAI_API_KEY" in out
    assert "sk-secret-value" not in out
    assert last(ryumon(capsys, "doctor", "--json"))["tier"] == "A"


BAD = {
    "unknown task": ("run", "no-such-task"),
    "unknown improver": ("run", "bin-packing", "--improver", "wizard"),
    "bad budget": ("run", "bin-packing", "--budget", "3x"),
    "bad workers": ("run", "bin-packing", "--workers", "0"),
    "lookahead": ("run", "bin-packing", "--workers", "9"),
    "bad name": ("run", "bin-packing", "--name", "../x"),
    "bad number": ("run", "bin-packing", "--seed", "two"),
    "unknown option": ("run", "bin-packing", "--sede", "2"),
    "unknown command": ("improve-everything",),
    "negative seed": ("run", "bin-packing", "--seed", "-1"),
    "negative test seed": ("run", "bin-packing", "--test-seed", "-1"),
    "huge seed": ("run", "bin-packing", "--seed", str(2**64)),
    "budget that never ends": ("run", "bin-packing", "--budget", "5usd"),
    "unknown tier": ("run", "bin-packing", "--min-tier", "Z"),
    "unknown sandbox": ("run", "bin-packing", "--sandbox", "vm"),
    "unknown sandbox of a check": ("check", "bin-packing", "--sandbox", "vm"),
    "unknown sandbox of a bench": ("bench", "bin-packing", "--sandbox", "vm"),
    "missing file": ("sandbox", "no-such-file.py"),
    "setting without a value": ("run", "bin-packing", "--set", "parents"),
    "no argument": ("run",),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_done_is_one_line_and_makes_no_store(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ryumon(capsys, *BAD[what], code=2)
    assert not (tmp_path / ".ryumon").exists()


TOMLS = {
    "not TOML": "name = ",
    "unknown field": TOML.replace("direction", 'colour = "red"\ndirection'),
    "wrong type": TOML.replace("cpu_s = 1.0", 'cpu_s = "fast"'),
    "no such file": TOML.replace('["fit.py"]', '["gone.py"]'),
    "no direction": TOML.replace('direction = "minimize"', ""),
    "limit of zero": TOML.replace("cpu_s = 1.0", "cpu_s = 0.0"),
    "too many stages": TOML + "[[stages]]\ncases = 99\n",
    "bad default budget": TOML.replace("40ev", "40"),
    "unknown vocabulary": TOML.replace("arithmetic", "alchemy"),
    "unknown language": TOML.replace('name = "tiny"', 'name = "tiny"\nlanguage = "klingon"'),
}


@pytest.mark.parametrize("what", TOMLS)
def test_a_broken_task_toml_is_one_line_and_leaves_no_run(
    capsys: Capture, tiny: Make, tmp_path: Path, what: str
) -> None:
    ryumon(capsys, "run", tiny(toml=TOMLS[what]), "--store", tmp_path / "s", code=2)
    if (tmp_path / "s").exists():
        assert SqlStore(tmp_path / "s").runs() == []


def test_no_run_yet_and_no_such_run_are_told_apart(capsys: Capture, done: str, tmp_path: Path) -> None:
    assert "no store" in ryumon(capsys, "show", "--store", tmp_path / "none", code=2)
    assert "no run 'x'" in ryumon(capsys, "show", "x", "--store", done, code=2)
    assert "names no program" in ryumon(capsys, "diff", "r", "zzzz", "--store", done, code=2)


def test_a_second_writer_is_refused_while_the_first_goes_on(capsys: Capture, done: str) -> None:
    with SqlStore(Path(done)).writer("r", new=False):
        assert "another process" in ryumon(capsys, "resume", "r", "--budget", "+5ev", "--store", done, code=2)


def test_a_store_of_a_newer_version_is_refused(capsys: Capture, done: str) -> None:
    with sqlite3.connect(Path(done) / "store.db") as raw:
        raw.execute("UPDATE meta SET value = 2")
    assert "schema 2" in ryumon(capsys, "runs", "--store", done, code=2)


def test_stop_from_another_process_ends_a_run_that_resumes(tiny: Make, tmp_path: Path) -> None:
    store = str(tmp_path / "s")
    command = [sys.executable, "-m", "ryumon.cli", "run", str(tiny()), "--budget", "100000ev", "--store", store]
    with subprocess.Popen([*command, "--name", "r"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "best" in line:
                break
        subprocess.run([sys.executable, "-m", "ryumon.cli", "stop", "r", "--store", store], check=True)
        rest = running.stdout.read()
        assert running.wait() == 0
    assert "ended by stop" in rest
    assert "ryumon resume r" in rest


FULL = """
mount -t tmpfs -o size=400k none "$1" && exec "$2" -m ryumon.cli run "$3" --budget 100000ev --store "$1"/s --name r
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk is made with a small mount, which needs root")
def test_a_full_disk_is_one_line_and_what_was_written_stays_whole(tiny: Make, tmp_path: Path) -> None:
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    script = FULL.replace("exec ", "") + '\ncode=$?; cp -r "$1"/s "$4"; exit $code'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", small, sys.executable, tiny(), copy], capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "full" in done.stderr
    kept = SqlStore(copy)
    from ryumon.store.chain import verified

    assert len(list(verified("r", kept.events("r")))) > 2


def test_a_closed_pipe_is_no_error_message(done: str) -> None:
    command = f"{sys.executable} -m ryumon.cli export r --store {done} | head -1"
    found = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert found.stderr == ""


def test_sigterm_ends_a_run_cleanly(tiny: Make, tmp_path: Path) -> None:
    store = str(tmp_path / "s")
    command = [sys.executable, "-m", "ryumon.cli", "run", str(tiny()), "--budget", "100000ev", "--store", store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "best" in line:
                break
        running.send_signal(signal.SIGTERM)
        assert "ended by interrupt" in running.stdout.read()
        assert running.wait() == 0
