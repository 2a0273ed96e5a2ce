"""What the soak takes for growth."""

import msgspec
from benchmarks.soak.evaluations import Sample, grown

ROLES = ("supervisor", "improver", "worker", "zygote")


def sample(number: int) -> Sample:
    """Returns the n-th of some samples in which nothing grows."""
    return Sample(
        events=1000 * number,
        seconds=float(number),
        rss_mb=dict.fromkeys(ROLES, 50.0),
        descriptors=dict.fromkeys(ROLES, 8),
        processes=15 + number % 3,
        temporary=0,
        shared=0,
    )


FLAT = [sample(number) for number in range(40)]


def test_what_stays_level_is_no_growth() -> None:
    assert grown(FLAT) == []


def test_each_thing_that_grows_is_named() -> None:
    for field, value in (("processes", 1), ("temporary", 1), ("shared", 1)):
        rising = [msgspec.structs.replace(s, **{field: getattr(s, field) + n * value}) for n, s in enumerate(FLAT)]
        assert [complaint.split()[0] for complaint in grown(rising)] == [field]
    for role in ROLES:
        leaking = [msgspec.structs.replace(s, descriptors=s.descriptors | {role: 8 + n}) for n, s in enumerate(FLAT)]
        assert [complaint.split(" grew")[0] for complaint in grown(leaking)] == [f"descriptors of the {role}"]
        fat = [msgspec.structs.replace(s, rss_mb=s.rss_mb | {role: 50.0 + 25 * n}) for n, s in enumerate(FLAT)]
        assert [complaint.split(", MB")[0] for complaint in grown(fat)] == [f"memory of the {role}"]


def test_too_few_samples_are_no_success() -> None:
    assert grown(FLAT[:3])
