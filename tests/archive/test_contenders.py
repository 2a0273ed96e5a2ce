from ryumon.archive.history import Contenders


def found(scores: list[float]) -> Contenders:
    """Returns what is known after programs of these scores, named by their place and score, lower being better."""
    contenders = Contenders("minimize")
    best = float("inf")
    for place, score in enumerate(scores):
        contenders.add(f"{place}:{score:g}", score, 10, new_best=score < best)
        best = min(best, score)
    return contenders


def test_every_new_best_contends_and_the_best_of_the_others_fill_up() -> None:
    contenders = found([9, 5, 5.5, 7, 2, 3, 4])
    assert contenders.ids(3) == ["4:2", "1:5", "0:9"]
    assert contenders.ids(4) == ["4:2", "5:3", "1:5", "0:9"]
    assert contenders.ids(5) == ["4:2", "5:3", "6:4", "1:5", "0:9"]
    assert contenders.ids(2) == contenders.ids(3)


def test_a_barred_program_does_not_contend_and_takes_no_place() -> None:
    contenders = found([9, 5, 2, 3, 4])
    contenders.barred.add("2:2")
    assert contenders.ids(3) == ["3:3", "1:5", "0:9"]
