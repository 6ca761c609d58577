import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.fold_files import list_folds
from datasets.shots import ShotChoices, read_shots

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)


def write_frames(root, places):
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30)).save(root / place)


def write_fold(folder, ids, labels, boxes=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "image_ids.txt").write_text("".join(f"{each}\n" for each in ids))
    (folder / "class_labels.txt").write_text("".join(f"{each}\n" for each in labels))
    (folder / "image_sizes.txt").touch()
    (folder / "localization.txt").write_text(boxes)


@pytest.fixture
def data(tmp_path):
    """Write folds of two shots to learn from and of frames of two others."""
    frames = [f"cat/data/{v}/shots/1/frame{i}.jpg" for v in "123" for i in (1, 2, 10)]
    write_frames(tmp_path / "YTO", [*frames, "dog/data/1/shots/1/frame1.jpg"])
    folds = tmp_path / "folds" / "YTO"
    shots = ["dog/data/1/shots/1", "cat/data/1/shots/1"]
    write_fold(folds / "train", shots, [f"{shots[0]},1", f"{shots[1]},0"])
    write_fold(folds / "val", [frames[3]], [f"{frames[3]},0"], f"{frames[3]},1,2,30,20\n")
    boxes = f"{frames[8]},1,2,30,20\n{frames[8]},5.5,5,9,9\n{frames[6]},0,0,0,0\n"
    tested = [frames[8], frames[6], frames[7]]
    write_fold(folds / "test", tested, [f"{each},0" for each in tested], boxes)
    (folds / "class_id.yaml").write_text("cat: 0\ndog: 1\n")
    return tmp_path


def test_shots_and_frames_are_read_with_their_boxes(data):
    splits = read_shots("wsol", data, "folds/YTO", WHOLE)
    found = [(shot.name, shot.class_name, len(shot.frames)) for shot in splits.training]
    assert found == [
        ("folds/YTO/cat/data/1/shots/1", "cat", 3),
        ("folds/YTO/dog/data/1/shots/1", "dog", 1),
    ]
    assert [frame.stem for frame in splits.training[0].frames] == ["frame1", "frame2", "frame10"]
    assert splits.validation[0].boxes[0].tolist() == [[1, 2, 30, 20]]
    # Of three frames one has boxes, one the box of zeros and one none.
    (shot,) = splits.test
    assert shot.name == "folds/YTO/test/cat/data/3/shots/1"
    assert [frame.stem for frame in shot.frames] == ["frame10"]
    assert shot.boxes[0].tolist() == [[1, 2, 30, 20], [5.5, 5, 9, 9]]


@pytest.mark.parametrize("text", ["{cat: 0, dog: 1}\n", "'cat': 0\n\"dog\": 1", "a cat: 0\nb: 1"])
def test_classes_may_be_written_in_several_ways(data, text):
    (data / "folds" / "YTO" / "class_id.yaml").write_text(text)
    names = {shot.tag for shot in list_folds(data, "folds/YTO")}
    assert names in ({"cat", "dog"}, {"a cat", "b"})


def test_classes_may_lie_in_the_folder_of_a_split(data):
    folds = data / "folds" / "YTO"
    (folds / "class_id.yaml").rename(folds / "train" / "class_id.yaml")
    assert {shot.tag for shot in list_folds(data, "folds/YTO")} == {"cat", "dog"}


def test_frames_without_any_boxes_are_all_kept(data):
    (data / "folds" / "YTO" / "test" / "localization.txt").unlink()
    shots = [shot for shot in list_folds(data, "folds/YTO") if shot.split == "test"]
    assert len(shots[0].frames) == 3 and shots[0].boxes == ()


def test_frames_may_lie_beside_the_folds(data):
    for folder in ("cat", "dog"):
        (data / "YTO" / folder).rename(data / "folds" / "YTO" / folder)
    assert len(list_folds(data, "folds/YTO")) == 4


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("train/class_labels.txt", "dog/data/1/shots/1,1\n", "must have a class for cat/data/1"),
        (
            "train/class_labels.txt",
            "dog/data/1/shots/1,7\n",
            "line 1 must be `path,number` .* 0, 1",
        ),
        ("train/class_labels.txt", "dog\n", "line 1 must be `path,number`"),
        ("test/localization.txt", "a.jpg,mask.png,ignore.png\n", "masks are not read"),
        ("test/localization.txt", "a.jpg,1,2,3\n", "must be `path,x0,y0,x1,y1`"),
        ("train/image_ids.txt", "absent/shot\n", "the first id of .* must lie in"),
        ("train/image_ids.txt", "../../etc\n", "must lie inside the data folder"),
        ("class_id.yaml", "cat\n", "must have lines `name: number`"),
    ],
)
def test_lines_of_another_kind_are_named(data, file, text, message):
    (data / "folds" / "YTO" / file).write_text(text)
    with pytest.raises(InputError, match=message):
        list_folds(data, "folds/YTO")


def test_frames_of_one_shot_need_one_class(data):
    path = data / "folds" / "YTO" / "test" / "class_labels.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0][:-1] + "1", *lines[1:]]))
    with pytest.raises(InputError, match="one class. Those of cat/data/3/shots/1 have cat, dog"):
        list_folds(data, "folds/YTO")


def test_bad_boxes_leave_their_frame_out(data, caplog):
    path = data / "folds" / "YTO" / "test" / "localization.txt"
    first = path.read_text().split(",")[0]
    second = first.replace("frame10", "frame1")
    path.write_text(f"{first},nan,2,30,20\n{second},30,2,3,20\n")
    assert all(shot.split != "test" or not shot.frames for shot in list_folds(data, "folds/YTO"))
    assert "Left out 2 boxes" in caplog.text


def test_a_folder_without_folds_is_refused(tmp_path):
    with pytest.raises(InputError, match="must hold the folders train, val, test"):
        list_folds(tmp_path, ".")


def test_an_empty_fold_has_no_shots(data):
    write_fold(data / "folds" / "YTO" / "val", [], [])
    assert all(shot.split != "val" for shot in list_folds(data, "folds/YTO"))
    assert np.array([len(shot.frames) for shot in list_folds(data, "folds/YTO")]).sum() == 5
