from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import ShotRecord
from training.shot_scores import ShotScores, choose_label_free_threshold

NAMES = ("cat", "dog", "emu")


@pytest.fixture
def shots(tmp_path):
    """Three shots of two frames of 20 x 10 pixels; of the first two, box and no box are known."""
    path = tmp_path / "1.png"
    Image.new("RGB", (20, 10)).save(path)
    box = np.array([[10.0, 0.0, 20.0, 10.0]])
    boxes = [(box, box), (box, None), ()]
    tags = (1, 1, 2)
    rows = zip("abc", tags, boxes, strict=True)
    return [ShotRecord(name, (path, path), tag, NAMES, boxes=each) for name, tag, each in rows]


RIGHT, LEFT = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])


def count(shots, frames, **options):
    scores = ShotScores(shots, 8, max_pixels=1000, step=0.1, **options)
    for frame in frames:
        scores.update(*frame)
    return scores


def test_shot_scores_counts_by_class_by_shot_and_over_frames(shots):
    scores = count(shots, [(0, 0, RIGHT), (0, 1, LEFT), (1, 0, RIGHT), (1, 1, LEFT), (2, 0, LEFT)])
    result = scores.result(threshold=0.5)
    # Right are 1 of 2 frames of a, the only known one of b; c is unknown. dog has no frame.
    assert scores.num_frames == 3 and result["num_unknown"] == 2
    assert result["corloc_micro"] == pytest.approx(2 / 3)
    assert result["corloc_macro"] == pytest.approx(2 / 3)
    assert result["corloc_shots"] == pytest.approx((0.5 + 1) / 2)
    assert result["per_shot"]["a"] == {"corloc": 0.5, "num_frames": 2}
    assert result["per_class"]["cat"]["num_frames"] == 3
    assert result["per_class"]["dog"]["num_frames"] == 0


def test_shot_scores_scales_boxes_to_the_map(shots):
    # Bilinear: columns 3 to 7 of 8 are above .3 of the maximum, 40 pixels against 32: .8
    scores = count(shots, [(0, 0, RIGHT)])
    assert scores.result(threshold=0.3)["max_box_acc_v1_70"] == 1
    assert scores.result(threshold=0.3)["corloc_micro"] == 1


@pytest.mark.parametrize(
    ("logits", "top1", "top5"),
    [([2.0, 1.0, 0.0], 1, 1), ([1.0, 1.0, 1.0], 1, 1), ([0.0, 1.0, -1.0], 0, 1)],
)
def test_shot_scores_ranks_the_frames_own_tag(shots, logits, top1, top5):
    result = count(shots, [(1, 0, RIGHT, np.array(logits))]).result()
    assert (result["top1_localization"], result["top5_localization"]) == (top1, top5)


def test_shot_scores_without_a_true_box_says_so(shots):
    scores = count(shots, [(2, 0, RIGHT)])
    with pytest.raises(InputError, match="needs a frame with a true box"):
        scores.result()


def test_choose_label_free_threshold_leaves_constant_maps_out():
    constant = np.zeros((2, 2))
    one = choose_label_free_threshold([RIGHT], 2)
    assert choose_label_free_threshold([RIGHT, constant], 2) == one == 0.5
    with pytest.raises(InputError, match="all constant"):
        choose_label_free_threshold([constant], 2)


def test_shot_scores_of_a_frame_that_is_gone(shots):
    gone = ShotRecord("d", (Path("absent.png"),), 1, NAMES, boxes=(np.ones((1, 4)) * [0, 0, 1, 1],))
    with pytest.raises(InputError, match=r"absent\.png"):
        count([gone], [(0, 0, RIGHT)])


def test_choose_label_free_threshold_says_why_a_map_cannot_be_made():
    def draw():
        yield RIGHT
        raise InputError("the answer is not finite")

    with pytest.raises(InputError, match="^the answer is not finite"):
        choose_label_free_threshold(draw(), 2)


def test_choose_label_free_threshold_tells_the_cure():
    with pytest.raises(InputError, match="all constant; look elsewhere"):
        choose_label_free_threshold([np.zeros((2, 2))], 2, cure="look elsewhere")


def test_shot_scores_measures_pixels_where_masks_are(tmp_path):
    for name, columns in (("a", 10), ("b", 0)):
        mask = np.zeros((10, 20), np.uint8)
        mask[:, :columns] = 255
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    frames = (tmp_path / "a.png", tmp_path / "b.png", tmp_path / "a.png")
    masks = (tmp_path / "a.png", tmp_path / "b.png", None)
    shot = ShotRecord("a", frames, 1, NAMES, masks=masks)
    # At 8 pixels bilinear columns are 1 (3), .875, .625, .375, .125, 0 (..): of the frame's left
    # half, 4 columns, all score more than of the right.
    right = count([shot], [(0, 0, LEFT), (0, 2, LEFT)]).result()
    assert right["pxap"] == 1 and right["num_masks"] == 1 and right["num_frames"] == 1
    # Of all 16 columns of two frames, those at one score are half of the object: 4 of 8.
    both = count([shot], [(0, 0, LEFT), (0, 1, LEFT)]).result(threshold=0.5)
    assert both["pxap"] == 0.5 and both["num_masks"] == 2 and both["num_frames"] == 1


def test_shot_scores_without_a_mask_that_shows_an_object_tells_no_pxap(shots, tmp_path):
    Image.new("L", (20, 10)).save(tmp_path / "none.png")
    masked = ShotRecord("d", shots[0].frames, 1, NAMES, masks=(tmp_path / "none.png", None))
    scores = count([shots[0], masked], [(0, 0, RIGHT), (1, 0, RIGHT), (1, 1, RIGHT)])
    assert scores.num_masks == 1 and "pxap" not in scores.result()
