"""Stratified draws keep to their strata, and are draws all the same."""

import numpy as np

from ryumon.tasks.suite.stratified import stratified


def test_one_number_lies_in_each_stratum_of_every_row() -> None:
    drawn = stratified(np.random.default_rng(0), 50, 7)
    assert drawn.shape == (50, 7)
    assert (np.sort((drawn * 7).astype(int), axis=1) == np.arange(7)).all()
    assert len({tuple(row) for row in (drawn * 7).astype(int)}) > 40


def test_another_seed_draws_others_and_the_same_the_same() -> None:
    first, again, other = (stratified(np.random.default_rng(seed), 5) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
