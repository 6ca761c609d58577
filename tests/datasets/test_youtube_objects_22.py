import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.shots import ShotChoices, read_shots
from datasets.youtube_objects_22 import list_youtube_objects_22

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)

FORMAT = "youtube_objects_22"
# (first, last, video): three shots of video 1, then one each.
RANGES = [(1, 2, 1), (3, 5, 1), (6, 6, 2), (7, 8, 3), (9, 10, 4), (11, 12, 5), (13, 14, 6)]


def write_truth(root, name, part, boxes):
    entries = np.empty((1, len(boxes)), [("im", object), ("boxes", object)])
    for number, (frame, each) in enumerate(boxes.items()):
        entries[0, number] = (f"{name}{frame:08d}", np.array(each, np.float64).reshape(-1, 4))
    path = root / "GroundTruth" / name / f"bb_gt{part}_{name}.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {f"bb_gt{part}": entries})


def write_ranges(root, name, ranges):
    (root / "Ranges").mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(root / "Ranges" / f"ranges_{name}.mat", {"ranges": np.array(ranges).T})


def write_frames(folder, numbers):
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", (40, 30)).save(folder / f"{number:08d}.jpg")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "yto"
    write_ranges(root, "cat", RANGES)
    write_frames(root / "cat", range(1, 15))
    box = [[5, 5, 20, 20]]
    write_truth(root, "cat", "Training", {1: box, 6: box, 7: box, 9: box, 10: box})
    write_truth(root, "cat", "Test", {11: [[1, 2, 3, 4], [5, 6, 7, 8]], 12: [[-2, 0, 50, 9]]})
    return root


def names_of(shots):
    return [shot.name.removeprefix("yto/cat/") for shot in shots]


def test_a_video_is_of_the_split_whose_boxes_touch_it(root):
    splits = read_shots(FORMAT, root.parent, "yto", WHOLE)
    assert names_of(splits.test) == ["video-0005/shot-000005"]
    assert [box.tolist() for box in splits.test[0].boxes] == [
        [[1, 2, 3, 4], [5, 6, 7, 8]],
        [[0, 0, 40, 9]],
    ]
    # The first three videos with boxes for training validate, their annotated frames alone.
    assert names_of(splits.validation) == [
        "video-0001/shot-000000",
        "video-0002/shot-000002",
        "video-0003/shot-000003",
    ]
    assert [len(shot.frames) for shot in splits.validation] == [1, 1, 1]
    assert names_of(splits.training) == ["video-0004/shot-000004", "video-0006/shot-000006"]
    assert [frame.name for frame in splits.training[1].frames] == ["00000013.jpg", "00000014.jpg"]
    assert splits.training[0].boxes == ()


@pytest.mark.parametrize("place", ["videos/cat", "JPEGImages/cat", "cat/cat"])
def test_frames_may_lie_in_other_folders(root, place):
    (root / "frames").mkdir()
    (root / "cat").rename(root / "frames" / "cat")
    (root / place).parent.mkdir(exist_ok=True)
    (root / "frames" / "cat").rename(root / place)
    assert len(list_youtube_objects_22(root.parent, "yto")) == 6


def test_a_range_that_comes_twice_is_one_shot_and_one_without_frames_is_none(root):
    write_ranges(root, "cat", [*RANGES[-1:], *RANGES[-1:], (90, 99_999_999, 6)])
    assert names_of(list_youtube_objects_22(root.parent, "yto")) == ["video-0006/shot-000000"]


def test_files_of_another_kind_are_named(root):
    path = root / "Ranges" / "ranges_cat.mat"
    scipy.io.savemat(path, {"ranges": np.zeros((2, 4))})
    with pytest.raises(InputError, match="`ranges`, 3 x N numbers"):
        list_youtube_objects_22(root.parent, "yto")
    scipy.io.savemat(path, {"ranges": np.full((3, 1), np.nan)})
    with pytest.raises(InputError, match="at most 8 digits"):
        list_youtube_objects_22(root.parent, "yto")
    write_ranges(root, "cat", RANGES)
    truth = root / "GroundTruth" / "cat" / "bb_gtTest_cat.mat"
    scipy.io.savemat(truth, {"bb_gtTest": np.zeros((2, 4))})
    with pytest.raises(InputError, match="must hold `bb_gtTest`, names and boxes"):
        list_youtube_objects_22(root.parent, "yto")
    write_truth(root, "cat", "Test", {11: [[1, 2, 3, 4]]})
    entries = np.empty((1, 1), [("im", object), ("boxes", object)])
    entries[0, 0] = ("cat", np.zeros((1, 4)))
    scipy.io.savemat(truth, {"bb_gtTest": entries})
    with pytest.raises(InputError, match="a name that ends in 8 digits"):
        list_youtube_objects_22(root.parent, "yto")
    truth.unlink()
    with pytest.raises(InputError, match="bb_gtTest_cat.mat` must be an annotation file"):
        list_youtube_objects_22(root.parent, "yto")


def test_a_folder_without_ranges_is_refused(tmp_path):
    with pytest.raises(InputError, match="must hold `Ranges/ranges_<class>.mat`"):
        list_youtube_objects_22(tmp_path, ".")
