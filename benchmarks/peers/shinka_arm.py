"""One run of ShinkaEvolve by its own interface; started with the Python of its environment.

Run: python shinka_arm.py TASK RESULTS GENERATIONS BASE_URL
Whole programs from one model, two proposals and two evaluations at a time; no embeddings, no notes, no novelty judge.
"""

import sys

from shinka.core import EvolutionConfig, ShinkaEvolveRunner
from shinka.database import DatabaseConfig
from shinka.launch import LocalJobConfig


def main() -> None:
    """Runs it."""
    task, results, generations, base = sys.argv[1:]
    runner = ShinkaEvolveRunner(
        evo_config=EvolutionConfig(
            patch_types=["full"],
            patch_type_probs=[1.0],
            num_generations=int(generations),
            max_patch_resamples=1,
            max_patch_attempts=1,
            job_type="local",
            language="python",
            llm_models=[f"local/scripted@{base}"],
            llm_dynamic_selection=None,
            llm_kwargs={"temperatures": [0.0], "max_tokens": 4096},
            meta_rec_interval=None,
            embedding_model=None,
            init_program_path=f"{task}/initial.py",
            results_dir=results,
            max_novelty_attempts=1,
        ),
        job_config=LocalJobConfig(eval_program_path=f"{task}/evaluate.py", time="00:00:08"),
        db_config=DatabaseConfig(db_path="evolution_db.sqlite"),
        max_evaluation_jobs=2,
        max_proposal_jobs=2,
        max_db_workers=2,
        verbose=False,
    )
    runner.run()


if __name__ == "__main__":
    main()
