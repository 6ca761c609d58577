import csv
from dataclasses import replace

import pytest

from training.video_classifier import shot_tables
from training.video_classifier.shot_tables import draw_corloc_tables, write_shot_table
from training.video_classifier.summary import Localization

NAN = float("nan")


def make_result(first, second=NAN):
    shares = {"one": first, "two": second}
    each = {k: {"corloc": v, "num_frames": 0 if v != v else 3} for k, v in shares.items()}
    means = {"corloc_macro": first, "corloc_micro": first, "corloc_shots": first}
    return {**means, "num_frames": 3, "per_shot": each, "per_class": {"red": each["one"]}}


@pytest.fixture
def named(shots):
    return [replace(shot, name=name) for shot, name in zip(shots, ("one", "two"), strict=True)]


def read_rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_write_shot_table_tells_n_and_every_method_at_both_thresholds(named, tmp_path):
    found = {"decoder": Localization(make_result(2 / 3), make_result(1 / 3))}
    found["cam"] = Localization(make_result(1.0), make_result(0.0))
    one, two = read_rows(write_shot_table(found, named, tmp_path / "shots.csv"))
    assert one == {
        "shot": "one",
        "tag": named[0].class_name,
        "num_frames": "3",
        "decoder_corloc": "0.666667",
        "decoder_label_free_corloc": "0.333333",
        "cam_corloc": "1",
        "cam_label_free_corloc": "0",
    }
    assert two["num_frames"] == "0" and two["cam_corloc"] == "" == two["decoder_corloc"]


def test_write_shot_table_without_a_true_box_has_no_rows(named, tmp_path):
    path = write_shot_table({}, named, tmp_path / "shots.csv")
    assert path.read_text() == "shot,tag,num_frames\n"


def test_draw_corloc_tables_tells_n_beside_every_row(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        shot_tables, "draw_corloc_table", lambda tables, path, title: drawn.update({path: tables})
    )
    draw_corloc_tables(tmp_path, {"cam": Localization(make_result(0.5), make_result(0.25))})
    shots = drawn[tmp_path / "corloc_shots.png"]
    assert list(shots) == ["cam\nbest", "cam\nno labels"]
    assert list(shots["cam\nbest"]) == ["one (n = 3)", "two (n = 0)", "all frames (n = 3)", "mean"]
    tags = drawn[tmp_path / "corloc_tags.png"]
    assert tags["cam\nno labels"] == {"red (n = 3)": 0.25, "all frames (n = 3)": 0.25, "mean": 0.25}


def test_draw_corloc_tables_draws_both_figures(tmp_path):
    draw_corloc_tables(
        tmp_path / "figures", {"cam": Localization(make_result(0.5), make_result(1))}
    )
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"corloc_tags.png", "corloc_shots.png"}
