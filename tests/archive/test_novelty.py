import subprocess
import sys

import numpy as np
import pytest

from ryumon.archive.novelty import LENGTH, Novelty, grams, signature
from ryumon.errors import BadInput


def jaccard(a: list[str], b: list[str]) -> float:
    one, two = set(grams(a).tolist()), set(grams(b).tolist())
    return len(one & two) / len(one | two)


def similarity(a: list[str], b: list[str]) -> float:
    memory = Novelty(4)
    memory.add(signature(b))
    return memory.nearest(signature(a))


def texts(changes: int) -> tuple[list[str], list[str]]:
    """Returns 400 random tokens, and the same with some of them changed."""
    rng = np.random.default_rng(changes)
    before = [f"t{draw}" for draw in rng.integers(0, 50, 400)]
    after = list(before)
    for place in rng.choice(400, changes, replace=False):
        after[place] = "changed"
    return before, after


@pytest.mark.parametrize("changes", [0, 2, 10, 40, 400])
def test_the_estimate_is_the_jaccard_similarity_within_four_standard_errors(changes: int) -> None:
    before, after = texts(changes)
    exact = jaccard(before, after)
    assert abs(similarity(before, after) - exact) <= 4 * (exact * (1 - exact) / LENGTH) ** 0.5


def test_equal_sequences_are_wholly_alike_and_unlike_ones_not_at_all() -> None:
    before, after = texts(400)
    assert similarity(before, before) == 1.0
    assert similarity(before, [f"other {token}" for token in after]) == 0.0


def test_order_matters_and_short_and_empty_sequences_have_signatures() -> None:
    assert jaccard(["a", "b", "c"], ["c", "b", "a"]) == 0.0
    assert similarity(["a"], ["a"]) == 1.0
    assert similarity([], ["a"]) == 0.0
    assert len(signature([])) == LENGTH


def test_signatures_are_the_same_in_every_process() -> None:
    code = "from ryumon.archive.novelty import signature; print(signature(['a', 'b', 'c', 'd']).tolist())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == str(signature(["a", "b", "c", "d"]).tolist())


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    memory = Novelty(2)
    assert memory.nearest(signature(["a"])) == 0.0
    for token in "abc":
        memory.add(signature([token]))
    assert [memory.nearest(signature([token])) for token in "abc"] == [0.0, 1.0, 1.0]
    with pytest.raises(BadInput, match="1024"):
        Novelty(1_025)
