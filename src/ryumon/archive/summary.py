"""A run in one record: what `run --json` prints, and what the closing lines of a run say."""

import msgspec

from ryumon.archive.history import History
from ryumon.score import Verdict, noise_floor
from ryumon.task import Split


class Scores(msgspec.Struct, frozen=True):
    """A program's mean score on each split; None where it was not read, or failed."""

    train: float | None = None
    validation: float | None = None
    test: float | None = None


class Champion(msgspec.Struct, frozen=True):
    """The champion's scores, and the 95 % interval of its difference from the seed on test."""

    id: str
    train: float | None = None
    validation: float | None = None
    test: float | None = None
    ci95: tuple[float, float] | None = None


class Tokens(msgspec.Struct, frozen=True):
    """Model tokens used."""

    prompt: int = 0
    completion: int = 0


class Noise(msgspec.Struct, frozen=True):
    """How noisy a run's scores are, and what of its gain was noise.

    `floor` is the standard deviation of the seed's score from repeat to repeat. The gains are champion minus seed, as
    the search scored them and on fresh repeats of train, in the task's unit; `shrinkage` is the first minus the second.
    """

    repeats: int
    floor: float
    gain_in_search: float | None = None
    gain_on_fresh: float | None = None
    shrinkage: float | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last line of `run --json`. `noise` is there for a noisy task alone."""

    run: str
    task: str
    improver: str
    seed: int
    lookahead: int
    tier: str
    evaluations: int
    failed: int
    wall_s: float
    cpu_s: float
    cost_usd: float
    tokens: Tokens
    baseline: Scores
    champion: Champion | None
    verdict: Verdict | None
    control: str
    stopped: str | None
    head: str
    noise: Noise | None = None


def summarised(history: History) -> Summary:
    """Returns the summary of a run as its events tell it."""
    started, finished = history.started, history.finished
    assert started is not None
    assert history.seed is not None
    assert history.seed.id is not None
    champion = None
    best = history.best
    if finished is not None or best is not None:
        id = finished.champion if finished is not None else (history.champion() or (best.id if best else ""))
        scores = _scores(history, id, history.contenders.scores[id][0])
        champion = Champion(
            id, scores.train, scores.validation, scores.test, finished.ci95 if finished is not None else None
        )
    return Summary(
        run=history.run,
        task=started.task,
        improver=started.improver,
        seed=started.seed,
        lookahead=started.lookahead,
        tier=history.tier,
        evaluations=history.evaluations,
        failed=history.failed,
        wall_s=round(history.elapsed, 3),
        cpu_s=round(max(history.cpu_s, history.spent.cpu_s), 3),
        cost_usd=history.spent.usd,
        tokens=Tokens(),
        baseline=_scores(history, history.seed.id, history.seed.score),
        champion=champion,
        verdict=finished.verdict if finished is not None else None,
        control="none",
        stopped=history.stopped or history.ended,
        head=history.head.hex(),
        noise=_noise(history, champion) if started.repeats > 1 else None,
    )


def _noise(history: History, champion: Champion | None) -> Noise:
    started, seed = history.started, history.seed
    assert started is not None
    assert seed is not None
    assert seed.id is not None
    known = Noise(started.repeats, noise_floor([[case.score for case in seed.cases], *seed.repeats]))
    ours = history.mean("train", history.fresh_seed, champion.id) if champion is not None else None
    base = history.mean("train", history.fresh_seed, seed.id)
    if champion is None or champion.train is None or seed.score is None or ours is None or base is None:
        return known
    search, fresh = champion.train - seed.score, ours - base
    return msgspec.structs.replace(known, gain_in_search=search, gain_on_fresh=fresh, shrinkage=search - fresh)


def _scores(history: History, id: str, train: float | None) -> Scores:
    def read(split: Split, seed: int | None) -> float | None:
        return history.mean(split, seed, id) if seed is not None else None

    return Scores(train, read("validation", history.validation_seed), read("test", history.test_seed))
