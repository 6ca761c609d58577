import pytest

from reporting.results import Results, write_results
from training.scored_splits import choose_place, describe_scored, join_earlier, name_by_split

TEST = describe_scored("test", 9, "less")
VALIDATION = describe_scored("val", 4, "less")


def results(metrics, notes=()):
    return Results(
        experiment="training/points",
        status="finished",
        metrics=metrics,
        units={name: "objects" for name in metrics},
        config={},
        seed=0,
        seconds=1.0,
        command="",
        notes=list(notes),
    )


@pytest.fixture
def run(tmp_path):
    write_results(tmp_path, results({"mae": 1.0, "threshold": 0.5}))
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "threshold", "name", "kept"),
    [
        ("val", 0.5, "predictions_val.csv", True),
        ("test", 0.5, "predictions.csv", True),
        ("val", 0.6, "predictions.csv", False),
        ("test", 0.6, "predictions.csv", False),
        (None, 0.5, "predictions.csv", False),
    ],
)
def test_choose_place_puts_validation_pictures_beside_the_others(run, asked, threshold, name, kept):
    place = choose_place(run, asked, {"threshold": threshold})
    assert (place.predictions.name, place.earlier is not None) == (name, kept)
    assert place.figures.name == name.removesuffix(".csv").replace("predictions", "figures")


def test_choose_place_clears_what_no_longer_holds(run):
    for asked, left in (("val", True), ("test", True), (None, False)):
        (run / "predictions.csv").touch()
        for name in ("predictions_val.csv", "scores_val.json", "shots_val.csv"):
            (run / name).touch()
        for name in ("figures_val", "predictions_val"):
            (run / name).mkdir(exist_ok=True)
        choose_place(run, asked)
        assert len(list(run.glob("*_val*"))) == 5 * left and (run / "predictions.csv").is_file()


def test_choose_place_of_a_run_without_results(tmp_path):
    assert choose_place(tmp_path, "val").predictions == tmp_path / "predictions.csv"


def test_name_by_split_marks_validation_alone():
    assert name_by_split({"mae": 1}, "val") == {"val_mae": 1}
    assert name_by_split({"mae": 1}, "test") == {"mae": 1}


def test_join_earlier_keeps_the_other_split():
    earlier = results({"mae": 1.0, "val_old": None, "threshold": 0.5}, [TEST, "Chosen."])
    now = {"val_mae": 2.0, "threshold": 0.5}
    metrics, units, notes = join_earlier(
        earlier, "val", now, {"val_mae": "cells"}, [VALIDATION, "Chosen."]
    )
    # What was known of the validation pictures is replaced as a whole.
    assert metrics == {"mae": 1.0, "val_mae": 2.0, "threshold": 0.5} and list(metrics)[0] == "mae"
    assert units == {"mae": "objects", "val_mae": "cells"}
    assert notes == [TEST, VALIDATION, "Chosen."]


def test_join_earlier_puts_the_test_first():
    earlier = results({"val_mae": 2.0, "mae": 9.0}, [TEST, VALIDATION, "Chosen."])
    metrics, _, notes = join_earlier(earlier, "test", {"mae": 1.0}, {}, [TEST, "Chosen."])
    assert list(metrics.items()) == [("mae", 1.0), ("val_mae", 2.0)]
    assert notes == [TEST, VALIDATION, "Chosen."]


def test_join_earlier_tells_of_no_other_split_where_there_is_none():
    earlier = results({"mae": 9.0}, [TEST])
    assert join_earlier(earlier, "test", {"mae": 1.0}, {}, [TEST]) == ({"mae": 1.0}, {}, [TEST])
