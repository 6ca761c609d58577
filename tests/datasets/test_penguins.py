import json

import pytest

from config.errors import InputError
from datasets.penguins import read_penguins
from datasets.regions import read_region

ANNOTATIONS = "CompleteAnnotations_2016-07-11"
SPLITS = "Splits_2016_07_11"


def write(data_dir, dots, *, train, roi=None, splits="imdb", **others):
    folder = data_dir / "birds"
    (folder / ANNOTATIONS).mkdir(parents=True, exist_ok=True)
    (folder / SPLITS).mkdir(exist_ok=True)
    content = {"dots": [{"imName": name, "xy": xy} for name, xy in dots.items()]}
    content |= {} if roi is None else {"roi": roi}
    (folder / ANNOTATIONS / "BAILa.json").write_text(json.dumps(content))
    names = {"train": train, **others}
    names = {split: [f"./BAILa/{name}.JPG" for name in own] for split, own in names.items()}
    (folder / SPLITS / f"{splits}.json").write_text(json.dumps({"imdb": names}))


def test_read_penguins_takes_the_longest_list(tmp_path):
    dots = {"B_2": [[[5, 2]], None, [[7, 1], [8, 3]], "_NaN_"], "B_1": [None, []]}
    write(tmp_path, dots, train=["B_2", "B_1"])
    records = read_penguins(tmp_path, "birds", "train")
    assert [record.image for record in records] == [
        tmp_path / "birds" / "BAILa" / f"B_{i}.JPG" for i in (1, 2)
    ]
    # x, y -> row, column
    assert [record.points.tolist() for record in records] == [[], [[1, 7], [3, 8]]]
    assert records[0].points.shape == (0, 2) and records[0].region is None


def test_read_penguins_reads_a_single_dot_without_brackets(tmp_path):
    write(tmp_path, {"B_1": [[5, 2]], "B_2": [[[1, 2], [3, 4]]]}, train=["B_1", "B_2"])
    records = read_penguins(tmp_path, "birds", "train")
    assert [record.points.tolist() for record in records] == [[[2, 5]], [[2, 1], [4, 3]]]


def test_read_penguins_reads_the_splits_of_either_file(tmp_path):
    dots = {"B_1": [], "B_2": [[[1, 2]]], "B_3": []}
    write(tmp_path, dots, train=["B_1"], val=["B_2"], test=["B_3"])
    write(tmp_path, dots, train=["B_3"], splits="imdb_sepsites")
    assert read_penguins(tmp_path, "birds", "val")[0].image.stem == "B_2"
    assert read_penguins(tmp_path, "birds", "test")[0].image.stem == "B_3"
    apart = read_penguins(tmp_path, f"birds/{SPLITS}/imdb_sepsites.json", "train")
    assert apart[0].image.stem == "B_3"


@pytest.mark.parametrize("unseen", [None, "_NaN_"])
def test_read_penguins_leaves_pictures_out_that_nobody_saw(tmp_path, unseen):
    write(tmp_path, {"B_1": unseen, "B_2": [[[1, 2]]]}, train=["B_1", "B_2"])
    assert [record.image.stem for record in read_penguins(tmp_path, "birds", "train")] == ["B_2"]


def test_read_penguins_names_a_dot_that_is_no_pair(tmp_path, caplog):
    write(tmp_path, {"B_1": [[[1, 2], [3, None], 4]]}, train=["B_1"])
    assert read_penguins(tmp_path, "birds", "train")[0].count == 1
    assert "BAILa.json` `B_1` annotator 0 dot 1" in caplog.text and "dot 2" in caplog.text


@pytest.mark.parametrize("roi", [[[0, 0], [2, 0], [2, 1], [0, 1]], {"B": None}])
def test_read_penguins_reads_a_region_for_a_camera_or_a_series(tmp_path, roi):
    corners = [[0, 0], [2, 0], [2, 1], [0, 1]]  # x to 2, y to 1: two pixels of the first row
    roi = roi if isinstance(roi, list) else {"B": corners, "other": [[0, 0]]}
    write(tmp_path, {"B_1": [[[1, 2]]]}, train=["B_1"], roi=roi)
    (record,) = read_penguins(tmp_path, "birds", "train")
    inside = read_region(record.region, (3, 4))
    assert inside.astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_read_penguins_without_a_region_for_the_series_has_none(tmp_path):
    write(tmp_path, {"B_1": [[[1, 2]]]}, train=["B_1"], roi={"other": [[0, 0]]})
    assert read_penguins(tmp_path, "birds", "train")[0].region is None


@pytest.mark.parametrize(
    "dots, message",
    [
        ({"B_2": []}, r"BAILa\.json` `B_1` must have an annotation"),
        ({"B_1": 3}, "`B_1`: `xy` must be a list of annotators. Received 3"),
        ({"B_1": [3]}, "`B_1` annotator 0 must be a list of dots. Received 3"),
        ({"B_1": None}, r"imdb\.json` must name annotated pictures for train"),
    ],
)
def test_read_penguins_names_a_bad_record(tmp_path, dots, message):
    write(tmp_path, dots, train=["B_1"])
    with pytest.raises(InputError, match=message):
        read_penguins(tmp_path, "birds", "train")


@pytest.mark.parametrize("name", ["B_1.JPG", 3, "../..", None])
def test_read_penguins_names_a_bad_name(tmp_path, name):
    write(tmp_path, {"B_1": []}, train=[])
    content = json.dumps({"imdb": {"train": ["BAILa/B_1.JPG", name]}})
    (tmp_path / "birds" / SPLITS / "imdb.json").write_text(content)
    with pytest.raises(InputError, match=r"imdb\.json` train item 1 must end in `<camera>"):
        read_penguins(tmp_path, "birds", "train")


def test_read_penguins_names_a_missing_split_camera_and_folder(tmp_path):
    write(tmp_path, {"B_1": []}, train=["B_1"])
    with pytest.raises(InputError, match=r"`imdb` must be an object with `val`"):
        read_penguins(tmp_path, "birds", "val")
    (tmp_path / "birds" / ANNOTATIONS / "BAILa.json").unlink()
    with pytest.raises(InputError, match=r"BAILa\.json` must be an annotation file"):
        read_penguins(tmp_path, "birds", "train")
    (tmp_path / "imdb.json").write_text('{"imdb": {"train": []}}')
    with pytest.raises(InputError, match="must lie in a folder of the data set"):
        read_penguins(tmp_path, "imdb.json", "train")
