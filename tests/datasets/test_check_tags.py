import json

import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.check_report import check_dataset
from datasets.check_tags import asks_for_tags, read_tags_for_check

SIZE = (6, 8)


@pytest.fixture
def zoo(tmp_path):
    """Write pictures 0 to 4 of 6 x 8 pixels of noise with a label map of a cat (2) each."""
    generator = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / "zoo" / name).mkdir(parents=True)
    for i in range(5):
        noise = generator.integers(0, 256, (*SIZE, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "zoo" / "images" / f"{i}.png")
        write_mask(tmp_path / "zoo", i, [0, 2, 255])
    (tmp_path / "zoo" / "classes.txt").write_text("rat\ncat\n")
    return tmp_path / "zoo"


def write_mask(folder, name, values, size=SIZE):
    mask = np.resize(np.array(values, np.uint8), size)
    Image.fromarray(mask).save(folder / "masks" / f"{name}.png")


def write_tags(folder, *tags):
    rows = [f"{i}.png,{each}\n" for i, each in enumerate(tags)]
    (folder / "tags.csv").write_text("image,tags\n" + "".join(rows))


def check(folder, format="tags", **options):
    report = check_dataset(format, folder.parent, "zoo", **options)
    found = {}
    for finding in report.findings:
        found.setdefault(finding.kind, []).append(finding.text)
    return report, found


def test_check_of_a_sound_table_finds_nothing(zoo):
    write_tags(zoo, *["cat"] * 5)
    report, found = check(zoo)
    assert found == {} and (report.pictures, report.masks, report.single) == (5, 5, None)
    (count,) = report.classes
    assert (count.name, count.pictures, count.objects) == ("cat", 5, None)


def test_check_of_a_table_finds_every_wrong_row(zoo):
    write_tags(zoo, "cat", " ; ", "cats", "cat", "", "cat")
    (zoo / "images" / "3.png").write_bytes(b"torn")
    _, found = check(zoo)
    assert ["line 3" in found["annotation"][0], "line 6" in found["annotation"][2]] == [True] * 2
    assert "Received cats; the nearest is cat" in found["annotation"][1]
    assert len(found["annotation"]) == 3 and len(found["corrupt"]) == 1
    assert "5.png" in found["missing"][0]  # a tag without a picture


def test_check_of_a_json_file_finds_unknown_tags_and_repeated_pictures(zoo):
    (zoo / "tags.json").write_text(json.dumps({"0.png": ["dog"], "1.png": [], "/zoo/0.png": []}))
    _, found = check(zoo)
    assert len(found["annotation"]) == 3 and "the nearest is" in found["annotation"][0]


def test_check_finds_what_no_row_names_and_what_is_listed_twice(zoo):
    (zoo / "tags.csv").write_text("image,tags\n0.png,cat\n1.png,cat\n0.png,rat\n")
    write_mask(zoo, "lost", [0])
    _, found = check(zoo)
    assert [text[-6:-1] for text in found["unlisted"]] == ["2.png", "3.png", "4.png"]
    assert ["lost.png" in text for text in found["orphan"]] == [True]
    assert "is listed 2 times" in found["twice"][0]


def test_check_finds_label_maps_of_another_size_unknown_ids_and_torn_ones(zoo):
    write_tags(zoo, *["cat"] * 5)
    write_mask(zoo, 0, [2], size=(6, 9))
    write_mask(zoo, 1, [0, 3, 255])
    (zoo / "masks" / "2.png").write_bytes(b"torn")
    (zoo / "images" / "3.png").unlink()  # nothing to compare its mask with
    report, found = check(zoo, workers=2)
    size, ids, torn = found["mask"]
    assert "must have the size of its picture, 6 x 8 pixels. It has 6 x 9" in size
    assert "must hold 0, ids of 1 to 2, and 255" in ids and "2.png" in torn
    assert len(found["missing"]) == 1 and len(report.problems) == 4
    assert check(zoo, masks="none")[1].keys() == {"missing"}


def test_check_takes_label_maps_of_another_folder(zoo):
    write_tags(zoo, *["cat"] * 5)
    (zoo / "masks").rename(zoo / "truth")
    assert check(zoo)[0].masks == 0
    report, found = check(zoo, masks="truth")
    assert report.masks == 5 and found == {}


def test_check_of_class_folders_takes_foreground(zoo):
    (zoo / "classes.txt").unlink()
    (zoo / "images").rename(zoo / "cat")
    write_mask(zoo, 0, [0, 200])
    write_mask(zoo, 1, [1], size=(1, 1))
    report, found = check(zoo, "folders")
    assert report.masks == 5 and found.keys() == {"mask"} and "1.png" in found["mask"][0]


def test_check_of_mask_folders_finds_ids_without_a_name(zoo):
    write_mask(zoo, 0, [0, 7])
    write_mask(zoo, 1, [0])
    write_mask(zoo, "lost", [2])
    _, found = check(zoo, "masks")
    assert "It holds 7" in found["annotation"][0] and "1.png" in found["bare"][0]
    assert "lost.png" in found["orphan"][0] and found["few"] == ["`cat`: 3"]


def test_check_of_ccp_finds_a_label_map_of_another_size(zoo):
    (zoo / "images").rename(zoo / "photos")
    (zoo / "annotations" / "pixel-level").mkdir(parents=True)
    cells = np.array([["null", "cat"]], object)
    scipy.io.savemat(zoo / "label_list.mat", {"label_list": cells})
    for i, size in enumerate([SIZE, (3, 8), SIZE]):
        path = zoo / "annotations" / "pixel-level" / f"{i + 3}.mat"
        scipy.io.savemat(path, {"groundtruth": np.ones(size, np.uint8)})
    _, found = check(zoo, "ccp")
    assert "4.mat" in found["mask"][0] and "5.jpg" in found["missing"][0]
    assert len(found["unlisted"]) == 3


def test_check_of_voc_as_tags_looks_at_label_maps(zoo, write_voc):
    (zoo / "images").rename(zoo / "JPEGImages")
    (zoo / "masks").rename(zoo / "SegmentationClass")
    for i in range(5):
        write_voc(zoo / "Annotations" / f"{i}.xml", [("cat", (1, 1, 3, 3), 0)], size=SIZE)
    Image.new("L", (3, 3)).save(zoo / "SegmentationClass" / "2.png")
    assert check(zoo, "voc")[0].masks is None  # of boxes
    report, found = check(zoo, "voc", masks="own")
    assert report.masks == 5 and "It has 3 x 3" in found["mask"][0] and len(found["mask"]) == 1


def test_asks_for_tags_where_a_format_has_nothing_else():
    options = {"masks": None, "class_source": "annotation"}
    for format in ("ccp", "folders", "masks", "tags"):
        assert asks_for_tags(format, **options)
    assert not asks_for_tags("voc", **options) and not asks_for_tags("csv", **options)
    assert asks_for_tags("voc", masks="none", class_source="annotation")


@pytest.mark.parametrize(
    ("format", "masks", "class_source", "message"),
    [
        ("folder", None, "annotation", "`--format` must be one of .*the nearest is folders"),
        ("points", "own", "annotation", "`masks` needs a format with tags: .* Received points"),
        ("voc", "own", "file_name", "`class_source` file_name needs a check of boxes"),
    ],
)
def test_asks_for_tags_refuses_what_does_not_go_together(format, masks, class_source, message):
    with pytest.raises(InputError, match=message):
        asks_for_tags(format, masks=masks, class_source=class_source)


def test_read_tags_for_check_raises_where_nothing_can_be_read(tmp_path):
    with pytest.raises(InputError, match="must be a folder inside"):
        read_tags_for_check("folders", tmp_path, "absent")
    (tmp_path / "tags.csv").write_text("image,tags\n")
    with pytest.raises(InputError, match="must tag a picture"):
        read_tags_for_check("tags", tmp_path, ".")
