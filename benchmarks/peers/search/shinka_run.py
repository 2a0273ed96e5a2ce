"""One run of ShinkaEvolve by its own interface, started with the Python of its environment.

Run: python shinka_run.py INITIAL EVALUATE RESULTS GENERATIONS BASE_URL SEED
The settings of its `examples/circle_packing/shinka_large.yaml`, but for what needs another model (embeddings, novelty
judge) and for how often a failed patch is asked for again (never, so that a generation is a request).
"""

import random
import sys

import numpy as np
from shinka.core import EvolutionConfig, ShinkaEvolveRunner
from shinka.database import DatabaseConfig
from shinka.launch import LocalJobConfig


def main() -> None:
    """Runs it."""
    initial, evaluate, results, generations, base, seed = sys.argv[1:]
    random.seed(int(seed))
    np.random.seed(int(seed))
    runner = ShinkaEvolveRunner(
        evo_config=EvolutionConfig(
            patch_types=["diff", "full", "cross"],
            patch_type_probs=[0.6, 0.3, 0.1],
            num_generations=int(generations),
            max_patch_resamples=1,
            max_patch_attempts=1,
            job_type="local",
            language="python",
            llm_models=[f"local/proposer@{base}"],
            llm_dynamic_selection=None,
            llm_kwargs={"temperatures": [0.5], "max_tokens": 32768},
            meta_rec_interval=None,
            embedding_model=None,
            init_program_path=initial,
            results_dir=results,
            max_novelty_attempts=1,
        ),
        job_config=LocalJobConfig(eval_program_path=evaluate, time="00:10:00"),
        db_config=DatabaseConfig(
            db_path="evolution_db.sqlite",
            num_islands=2,
            archive_size=40,
            elite_selection_ratio=0.3,
            num_archive_inspirations=1,
            num_top_k_inspirations=1,
            migration_interval=10,
            migration_rate=0.1,
            island_elitism=True,
            enforce_island_separation=True,
            parent_selection_strategy="weighted",
            parent_selection_lambda=10.0,
            archive_selection_strategy="crowding",
            archive_criteria={"combined_score": 1.0, "loc": -0.3},
            island_selection_strategy="equal",
        ),
        max_evaluation_jobs=1,
        max_proposal_jobs=1,
        max_db_workers=1,
        verbose=False,
    )
    runner.run()


if __name__ == "__main__":
    main()
