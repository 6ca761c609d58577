import numpy as np
import pytest
from PIL import Image

from reporting.mask_figures import (
    draw_masks,
    draw_picture,
    draw_sheet,
    overlay_labels,
    overlay_saliency,
)
from reporting.prediction import Masks


def test_overlay_labels_blends_inside_and_draws_the_outline():
    image = np.full((5, 7, 3), 100, np.uint8)
    labels = np.zeros((5, 7), np.uint8)
    labels[1:5, 1:6] = 1  # colour 128, 0, 0
    shown = overlay_labels(image, labels)
    assert shown[0, 0].tolist() == [100, 100, 100]
    assert shown[1, 3].tolist() == [128, 0, 0] == shown[3, 1].tolist()
    assert shown[3, 3].tolist() == [114, 50, 50]
    assert shown[4, 3].tolist() == [114, 50, 50]  # the picture's border is no outline


def test_overlay_labels_veils_what_is_ignored():
    shown = overlay_labels(np.full((1, 1, 3), 101, np.uint8), np.array([[255]]))
    assert shown.tolist() == [[[168, 168, 168]]]  # (101 + 235) / 2


def test_overlay_saliency_draws_the_outline_of_half():
    saliency = np.array([[0.0, 0.1, 0.4, 0.8, 0.8]])
    shown = overlay_saliency(np.zeros((1, 5, 3), np.uint8), saliency)
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, 2].tolist() == [255, 255, 255]
    assert shown[0, 4].tolist() == [153, 90, 0]  # .75 x .8 of 255, 150, 0
    assert not overlay_saliency(np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3))).any()


def test_overlays_refuse_another_size():
    image = np.zeros((2, 3, 3), np.uint8)
    with pytest.raises(ValueError, match="`labels` must be of the picture's"):
        overlay_labels(image, np.zeros((3, 2), int))
    with pytest.raises(ValueError, match="`saliency` must be of the picture's"):
        overlay_saliency(image, np.zeros((3, 2)))


def test_figures_are_written(tmp_path):
    image = np.zeros((6, 8, 3), np.uint8)
    masks = Masks((6, 8), np.array([40, 8]), ("a $x$",), {1: ""}, {1: (0, 0, 1, 8)})
    none = Masks((6, 8), np.array([48]), (), {}, {})
    for name, found in (("a.png", masks), ("b.png", none)):
        assert draw_masks(image, found, tmp_path / name).stat().st_size > 1000
    rows = [("1.jpg", [image, None]), ("2.jpg", [image, image])]
    assert draw_sheet(rows, ["picture", "truth"], tmp_path / "c.png").is_file()
    with pytest.raises(ValueError, match="`rows` must hold at least one row, each of 2"):
        draw_sheet([("1.jpg", [image])], ["picture", "truth"], tmp_path / "d.png")
    draw_picture(image[..., 0] + 7, tmp_path / "e.png")
    assert np.asarray(Image.open(tmp_path / "e.png")).tolist() == [[7] * 8] * 6
