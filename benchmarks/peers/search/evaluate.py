"""The peers' evaluator, in each one's own layout: hands the program to the judge of the run and reports what it says.

Imports the standard library alone, since it runs in the peers' environments. `JUDGE` in the environment is the judge's
socket. OpenEvolve calls `evaluate`; ShinkaEvolve runs this file with --program_path and --results_dir.
"""

import json
import os
import socket


def judged(program_path: str) -> float | None:
    """Returns the fitness of a program, larger is better; None where it failed."""
    with open(program_path, "rb") as file, socket.socket(socket.AF_UNIX) as judge:
        judge.connect(os.environ["JUDGE"])
        judge.sendall(file.read())
        judge.shutdown(socket.SHUT_WR)
        fitness: float | None = json.loads(judge.makefile("rb").read())
    return fitness


def evaluate(program_path: str) -> dict[str, float]:
    """Returns OpenEvolve's metrics."""
    fitness = judged(program_path)
    return {"combined_score": 0.0 if fitness is None else fitness}


def main(program_path: str, results_dir: str) -> None:
    """Writes ShinkaEvolve's two files."""
    fitness = judged(program_path)
    os.makedirs(results_dir, exist_ok=True)
    with open(os.path.join(results_dir, "metrics.json"), "w") as file:
        json.dump({"combined_score": fitness or 0.0, "public": {}, "private": {}}, file)
    with open(os.path.join(results_dir, "correct.json"), "w") as file:
        error = "the program failed" if fitness is None else None
        json.dump({"correct": fitness is not None, "error": error}, file)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    asked, _ = parser.parse_known_args()
    main(asked.program_path, asked.results_dir)
