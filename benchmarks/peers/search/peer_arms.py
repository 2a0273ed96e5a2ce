"""The peers' arms: each searches in its own environment, asks the endpoint for proposals and the judge for scores.

OpenEvolve has the settings of its own example for 500 iterations (`examples/circle_packing_with_artifacts`, the two
features that are of circles replaced by its defaults, no cascade), ShinkaEvolve those of its largest example
(`examples/circle_packing/shinka_large.yaml`, in `shinka_run.py`). One request is one iteration: nothing is asked twice.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.arms import HERE, Arm
from benchmarks.peers.search.judge import Best, Judge, serving
from benchmarks.peers.search.stateless import Endpoint, endpoint

from ryumon.task import derived_seed

ARMS = ("openevolve", "shinka")
LIMIT_S = 1800.0
LOOK_S = 0.2
OPENEVOLVE = """max_iterations: {proposals}
checkpoint_interval: 1000000
random_seed: {seed}
diff_based_evolution: false
max_code_length: 50000
log_level: ERROR
llm:
  primary_model: proposer
  api_base: {base}
  temperature: 0.4
  top_p: 0.95
  max_tokens: 16000
  timeout: 180
  retries: 0
prompt:
  num_top_programs: 3
  num_diverse_programs: 2
database:
  population_size: 100
  archive_size: 50
  num_islands: 4
  elite_selection_ratio: 0.1
  exploration_ratio: 0.4
  exploitation_ratio: 0.5
  feature_bins: 10
  migration_interval: 10
  migration_rate: 0.15
evaluator:
  timeout: 600
  max_retries: 0
  cascade_evaluation: false
  parallel_evaluations: 1
"""


async def searched(arm: Arm, judge: Judge, seed: int, proposals: int, folder: Path) -> Best:
    """Returns the best on train of one run of a peer, which writes into `folder`; raises `SystemExit` where it ends
    before its proposals are made."""
    task = judge.task
    score = await judge.score(task.seed)
    assert score is not None
    best = Best(task.spec.direction, task.seed, score)
    (path,) = task.spec.editable
    (folder / "initial.py").write_text(task.seed.files[path])
    with endpoint(derived_seed(seed, "improver"), proposals, task.spec.vocabulary) as asked:
        async with serving(judge, folder / "judge", best):
            command = _command(arm, folder, asked.base, seed, proposals)
            await _ended(command, arm.environment("sk-none") | {"JUDGE": str(folder / "judge")}, folder, asked)
        if asked.asked < proposals:
            said = (folder / "output.txt").read_text("utf-8", "replace")[-2000:]
            raise SystemExit(f"{arm.name} ended after {asked.asked} of {proposals} proposals:\n{said}")
    return best


def _command(arm: Arm, folder: Path, base: str, seed: int, proposals: int) -> list[str]:
    evaluate, python, out = str(HERE / "search" / "evaluate.py"), str(arm.python), str(folder / "out")
    if arm.name == "openevolve":
        config = folder / "config.yaml"
        config.write_text(OPENEVOLVE.format(proposals=proposals, seed=seed, base=base))
        files = [str(folder / "initial.py"), evaluate, "--config", str(config), "--output", out]
        return [python, "-m", "openevolve.cli", *files]
    # Its first generation is the initial program, for which no model is asked.
    script, start = str(HERE / "search" / "shinka_run.py"), str(folder / "initial.py")
    return [python, script, start, evaluate, out, str(proposals + 1), base, str(seed)]


async def _ended(command: list[str], environment: dict[str, str], folder: Path, asked: Endpoint) -> None:
    """Runs a command until it ends, asks for more than it may, or `LIMIT_S` have passed; then ends its processes."""
    with (folder / "output.txt").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(LIMIT_S):
            while process.returncode is None and not asked.refused:
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        print(f"{folder.name}: still running after {LIMIT_S:.0f} s", file=sys.stderr)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
