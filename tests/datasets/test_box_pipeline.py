import logging

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.box_pipeline import (
    BoxPictures,
    describe_targets,
    draw_sample,
    make_box_dataset,
    make_box_sample_loader,
)
from datasets.pipeline import make_sample_dataset
from datasets.records import BoxRecord


@pytest.fixture
def records(tmp_path):
    """Three dark pictures whose boxes are bright, of classes 1, 2 and 1."""
    made = []
    for i, (size, box) in enumerate(
        [((48, 64), (8, 12, 40, 36)), ((64, 32), (4, 8, 28, 60)), ((40, 40), (0, 0, 20, 40))]
    ):
        pixels = np.full((*size, 3), 10 * i, np.uint8)
        pixels[box[1] : box[3], box[0] : box[2]] = 220
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        boxes = np.array([box], np.float64)
        made.append(BoxRecord(tmp_path / f"{i}.png", boxes, np.array([1 + i % 2]), ("x", "y")))
    return made


def open_all(records, **options):
    return BoxPictures(records, 32, max_pixels=10_000, **options)


def make_targets(box, class_id):
    return {"box": box.astype(np.float32), "class_id": np.int32(class_id)}


def make_batches(pictures, first_step=0, recipe="general"):
    load = make_box_sample_loader(pictures, recipe=recipe, make_targets=make_targets)
    return make_sample_dataset(
        6, load, batch_size=2, steps_per_epoch=3, epochs=2, seed=3, first_step=first_step
    )


@pytest.mark.parametrize("recipe", ["none", "published_turns", "general"])
def test_samples_keep_boxes_on_their_objects(records, recipe):
    for images, targets in make_batches(open_all(records, detail=1.5), recipe=recipe):
        assert images.shape == (2, 32, 32, 3) and targets["box"].shape == (2, 4)
        for image, box in zip(images.numpy(), targets["box"].numpy(), strict=True):
            rows, columns = np.nonzero(image.max(axis=-1) > 0.75 * image.max())
            extent = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(box * 32, extent, atol=1.6)


def test_samples_go_on_exactly_from_any_step(records):
    whole = list(make_batches(open_all(records)))
    rest = list(make_batches(open_all(records, cache="memory"), first_step=2))
    assert len(rest) == 4
    for batch, twin in zip(whole[2:], rest, strict=True):
        for values, others in zip(tf.nest.flatten(batch), tf.nest.flatten(twin), strict=True):
            np.testing.assert_array_equal(values, others)


def test_samples_of_later_epochs_differ(records):
    batches = list(make_batches(open_all(records[:1])))
    assert (batches[0][0] != batches[3][0]).numpy().any()


def test_draw_sample_is_what_training_sees(records):
    pictures = open_all(records)
    load = make_box_sample_loader(pictures, recipe="general", make_targets=make_targets)
    image, targets = load(tf.constant(4), tf.constant([5, -6]))  # picture 4 modulo 3
    sample = draw_sample(pictures, 1, np.array([5, -6], np.int32), recipe="general")
    np.testing.assert_array_equal(image, sample.image / np.float32(255))
    np.testing.assert_allclose(targets["box"], sample.boxes[0] / 32, rtol=1e-6)
    assert int(targets["class_id"]) == 2


def test_evaluation_batches_hold_every_picture_in_order(records):
    batches = list(make_box_dataset(open_all(records), batch_size=2, make_targets=make_targets))
    assert [images.shape[0] for images, _ in batches] == [2, 1]
    boxes = np.concatenate([targets["box"] for _, targets in batches])
    # x / 64, y / 48; x / 32, y / 64; all / 40.
    expected = [[0.125, 0.25, 0.625, 0.75], [0.125, 0.125, 0.875, 0.9375], [0, 0, 0.5, 1]]
    np.testing.assert_allclose(boxes, expected)
    classes = np.concatenate([targets["class_id"] for _, targets in batches])
    assert classes.tolist() == [1, 2, 1]
    pixels = np.asarray(Image.open(records[1].image))
    resized = tf.image.resize(pixels, (32, 32), antialias=True) / 255
    np.testing.assert_allclose(batches[0][0][1], resized, atol=1.01 / 255)


def test_one_pixel_without_classes(tmp_path):
    Image.new("RGB", (1, 1), (51, 51, 51)).save(tmp_path / "a.png")
    record = BoxRecord(tmp_path / "a.png", np.array([[0.0, 0.0, 1.0, 1.0]]))
    dataset = make_box_dataset(open_all([record]), batch_size=1, make_targets=make_targets)
    images, targets = next(iter(dataset))
    np.testing.assert_allclose(images, np.full((1, 32, 32, 3), 0.2))
    assert targets["box"].numpy().tolist() == [[0, 0, 1, 1]]
    assert targets["class_id"].numpy().tolist() == [1]


def test_boxes_too_small_for_the_network_are_told_once(tmp_path, caplog):
    records = []
    for i, side in enumerate((16, 15)):  # 160 pixels become 32: 3.2 and 3 pixels
        Image.new("RGB", (160, 160)).save(tmp_path / f"{i}.png")
        records.append(BoxRecord(tmp_path / f"{i}.png", np.array([[0, 0, side, 90.0]])))
    with caplog.at_level(logging.WARNING):
        BoxPictures(records, 32, max_pixels=100_000)
        BoxPictures(records, 96, max_pixels=100_000)
        BoxPictures(records[:0], 32, max_pixels=100)
    (told,) = caplog.messages
    assert "2 of 2 boxes have a side under 5 pixels at 32 x 32" in told and "0.png" in told


@pytest.mark.parametrize("count", [0, 2])
def test_records_without_exactly_one_box_are_named(records, count):
    records[2] = BoxRecord(records[2].image, np.zeros((count, 4)))
    with pytest.raises(ValueError, match=f"one box each. Received {count} for .*2.png"):
        open_all(records)


def test_a_picture_that_is_too_large_is_named(records):
    with pytest.raises(InputError, match="0.png"):
        BoxPictures(records, 32, max_pixels=100)


def test_an_unknown_recipe_is_named_at_once(records):
    with pytest.raises(ValueError, match="`recipe` must be one of none, .* Received mild"):
        make_box_sample_loader(open_all(records), recipe="mild", make_targets=make_targets)


def test_describe_targets_keeps_names_shapes_and_types():
    described = describe_targets(make_targets)
    assert described == {"box": ((4,), np.float32), "class_id": ((), np.int32)}
    assert list(described) == ["box", "class_id"]
