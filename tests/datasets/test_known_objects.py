from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.known_objects import (
    ObjectSettings,
    add_masks,
    read_object_photos,
    read_objects,
)
from datasets.source_photos import SourcePhoto

SETTINGS = ObjectSettings(image_size=(60, 80))


@pytest.fixture
def photo(tmp_path):
    """Write a dark photo of 60 x 80 pixels with two bright squares of 10 x 10."""
    image = np.full((60, 80, 3), 30, np.uint8)
    image[10:20, 10:20] = image[30:40, 50:60] = 200
    Image.fromarray(image).save(tmp_path / "a.png")
    return SourcePhoto(tmp_path / "a.png", "a.png")


def write_mask(photo, mask):
    path = photo.image.parent / "masks" / "a.png"
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(mask).save(path)
    return replace(photo, mask=path)


def draw_mask(values=(1, 2)):
    mask = np.zeros((60, 80), np.uint8)
    mask[10:20, 10:20], mask[30:40, 50:60] = values
    return mask


@pytest.mark.parametrize("values", [(1, 2), (7, 7)], ids=["ids", "one value"])
def test_read_objects_of_a_mask(photo, values):
    objects = read_objects(write_mask(photo, draw_mask(values)), SETTINGS)
    np.testing.assert_array_equal(objects.labels, draw_mask((1, 2)))
    assert objects.boxes.tolist() == [[10, 10, 20, 20], [50, 30, 60, 40]]
    assert objects.points.tolist() == [[14.5, 14.5], [34.5, 54.5]] and objects.count == 2
    np.testing.assert_allclose(objects.radii, np.sqrt(100 / np.pi))


def test_read_objects_of_foreground_joins_what_touches(photo):
    mask = draw_mask((3, 3))
    mask[10:20, 20:24] = 4  # another class on the same object
    settings = replace(SETTINGS, mask_values="foreground")
    assert read_objects(write_mask(photo, mask), settings).boxes[0].tolist() == [10, 10, 24, 20]
    assert read_objects(write_mask(photo, mask), SETTINGS).boxes[0].tolist() == [10, 10, 60, 40]


def test_read_objects_reduces_photo_mask_and_numbers_together(photo):
    mask = draw_mask()
    mask[1, 1] = 3  # lost where every second pixel is taken
    mask[1, 1:3], mask[0, 0] = 0, 0
    settings = replace(SETTINGS, image_size=(30, 400))
    objects = read_objects(write_mask(photo, mask), settings)
    assert objects.image.shape == (30, 40, 3)
    assert objects.boxes.tolist() == [[5, 5, 10, 10], [25, 15, 30, 20]]


def test_read_objects_of_boxes(photo):
    boxes = np.array([[8.0, 8.0, 22.0, 22.0], [48.0, 28.0, 62.0, 42.0]])
    objects = read_objects(replace(photo, boxes=boxes), SETTINGS)
    assert objects.points.tolist() == [[15, 15], [35, 55]] and objects.radii.tolist() == [7, 7]
    assert np.bincount(objects.labels.ravel())[1:].tolist() == [14 * 14] * 2


def test_read_objects_cuts_outlines_out_of_boxes(photo):
    boxes = np.array([[7.0, 7.0, 23.0, 23.0], [47.0, 27.0, 63.0, 43.0]])
    objects = read_objects(replace(photo, boxes=boxes), SETTINGS, outlines=True)
    np.testing.assert_array_equal(objects.labels, draw_mask())


def test_read_objects_of_dots_guesses_or_takes_a_radius(photo):
    dotted = replace(photo, points=np.array([[15.0, 15.0], [15.0, 21.0]]))
    objects = read_objects(dotted, SETTINGS)
    assert objects.radii.tolist() == [3, 3] and objects.boxes is None  # half of 6 pixels
    small = replace(SETTINGS, object_radius=4.0, image_size=(30, 40))
    assert read_objects(dotted, small).radii.tolist() == [2, 2]
    assert read_objects(dotted, small).points.tolist() == [[7.5, 7.5], [7.5, 10.5]]


def test_read_objects_finds_the_outlines_of_dots(photo):
    dotted = replace(photo, points=np.array([[15.0, 15.0], [35.0, 55.0]]))
    settings = replace(SETTINGS, object_radius=6.0)
    objects = read_objects(dotted, settings, outlines=True)
    true = draw_mask() > 0
    assert (true & (objects.labels > 0)).sum() / (true | (objects.labels > 0)).sum() > 0.6
    assert objects.labels[15, 15] == 1 and objects.labels[35, 55] == 2


def test_read_objects_moves_a_click_on_the_edge_inside(photo):
    dotted = replace(photo, points=np.array([[60.0, 80.0]]))
    assert read_objects(dotted, SETTINGS, outlines=True).points[0] == pytest.approx((60, 80), 1e-3)


@pytest.mark.parametrize("known", ["points", "boxes"])
def test_read_objects_of_none_is_empty(photo, known):
    objects = read_objects(replace(photo, **{known: np.zeros((0, 2 if known == "points" else 4))}),
                           SETTINGS, outlines=True)  # fmt: skip
    assert objects.count == 0 and not objects.labels.any()


def test_read_objects_refuses_a_mask_of_another_size(photo):
    with pytest.raises(InputError, match="must have the size of .*60 x 80.*It has 60 x 79"):
        read_objects(write_mask(photo, draw_mask()[:, 1:]), SETTINGS)


def test_read_object_photos_refuses_photos_without_objects(photo):
    settings = replace(SETTINGS, source=str(photo.image.parent))
    with pytest.raises(InputError, match="points, boxes or masks.*a.png.*give `--mask_dir`"):
        read_object_photos(photo.image.parent / "made", settings)


def test_read_object_photos_takes_masks_and_a_number_of_photos(photo):
    write_mask(photo, draw_mask())
    folder = photo.image.parent
    for name in "bcd":
        Image.open(folder / "a.png").save(folder / f"{name}.png")
        Image.open(folder / "masks" / "a.png").save(folder / "masks" / f"{name}.png")
    settings = replace(SETTINGS, source=str(folder / "*.png"), mask_dir=str(folder / "masks"))
    made = folder / "made"
    everything = read_object_photos(made, settings)
    assert [each.mask.name for each in everything] == ["a.png", "b.png", "c.png", "d.png"]
    drawn = [
        [each.name for each in read_object_photos(made, replace(settings, num_photos=2, seed=s))]
        for s in (0, 0, 1, 2, 3)
    ]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 2 and len(set(map(tuple, drawn))) > 1


def test_read_object_photos_leaves_out_what_the_data_set_itself_holds(photo):
    folder = photo.image.parent
    write_mask(photo, draw_mask())
    (folder / "made" / "images").mkdir(parents=True)
    Image.open(folder / "a.png").save(folder / "made" / "images" / "a.png")
    settings = replace(SETTINGS, source=str(folder / "**/a.png"), mask_dir=str(folder / "masks"))
    names = [each.name for each in read_object_photos(folder / "made", settings)]
    assert names == ["a.png", "masks/a.png"]


def test_add_masks_refuses(photo, tmp_path):
    with pytest.raises(InputError, match="`--mask_dir` must be a folder"):
        add_masks([photo], tmp_path / "absent")
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="has none for `a.png`"):
        add_masks([photo], tmp_path / "other")
