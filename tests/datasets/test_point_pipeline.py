import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.pipeline import make_sample_dataset
from datasets.point_pipeline import (
    PointPictures,
    check_whole_pictures,
    count_samples,
    grow_sample,
    make_point_dataset,
    make_point_sample_loader,
)
from datasets.records import PointRecord, Region
from datasets.samples import Sample


@pytest.fixture
def records(tmp_path):
    """Three pictures whose points are their only white pixels; the second has a region."""
    generator = np.random.default_rng(0)
    made = []
    for name, size, num_points in (("a", (40, 48), 6), ("b", (20, 70), 9), ("c", (64, 64), 0)):
        pixels = np.zeros((*size, 3), np.uint8)
        places = generator.permutation(size[0] * size[1])[:num_points]
        points = np.stack(np.unravel_index(places, size), axis=1).astype(float)
        pixels[tuple(points.astype(int).T)] = 255
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        made.append(PointRecord(tmp_path / f"{name}.png", points + 0.25))
    mask = np.zeros((20, 70), np.uint8)
    mask[:, 10:] = 1
    Image.fromarray(mask).save(tmp_path / "mask.png")
    region = Region(mask=tmp_path / "mask.png")
    inside = made[1].points[:, 1] >= 10
    made[1] = PointRecord(made[1].image, made[1].points[inside], region=region)
    return made


def open_all(records, **options):
    return PointPictures(records, max_pixels=10_000, **options)


def make_batches(pictures, first_step=0, **options):
    load = make_point_sample_loader(pictures, **options)
    return make_sample_dataset(
        6, load, batch_size=2, steps_per_epoch=3, epochs=2, seed=3, first_step=first_step
    )


def test_samples_keep_points_on_their_pixels(records):
    pictures = open_all(records)
    for images, maps in make_batches(pictures, crop=(32, 40), flip="both"):
        assert images.shape == (2, 32, 40, 3) and maps.shape == (2, 32, 40, 1)
        white, inside = images.numpy()[..., 0] == 1, maps.numpy()[..., 0] >= 0
        np.testing.assert_array_equal(maps.numpy()[..., 0][inside], white[inside])


def test_samples_go_on_exactly_from_any_step(records):
    options = {"crop": (32, 32), "flip": "both", "color": 0.3}
    whole = list(make_batches(open_all(records), **options))
    rest = list(make_batches(open_all(records, cache="memory"), first_step=2, **options))
    assert len(rest) == 4
    for batch, twin in zip(whole[2:], rest, strict=True):
        for values, others in zip(batch, twin, strict=True):
            np.testing.assert_array_equal(values, others)


def test_samples_of_later_epochs_differ(records):
    batches = list(make_batches(open_all(records[:1]), crop=(32, 32), color=0.3))
    assert (batches[0][0] != batches[3][0]).numpy().any()


def test_small_pictures_are_padded_outside_their_region(records):
    load = make_point_sample_loader(open_all(records[:1]), crop=(64, 64))
    _, maps = load(tf.constant(0), tf.constant([1, 2]))
    assert (maps.numpy() >= 0).sum() == 40 * 48 and maps.numpy().clip(0).sum() == 6


def test_scaling_moves_the_points(records):
    sample = open_all(records[:1], scale=0.5).read(0)
    assert sample.size == (20, 24)
    np.testing.assert_allclose(sample.points, records[0].points / 2)


def test_scaling_keeps_points_inside_where_sizes_round_down(tmp_path):
    Image.new("RGB", (41, 33)).save(tmp_path / "a.png")
    record = PointRecord(tmp_path / "a.png", np.array([[32.9, 40.9]]))
    pictures = open_all([record], scale=0.5)  # 16.5 x 20.5 rounds to 16 x 20
    assert pictures.draw_maps(0, pictures.read(0))[15, 19, 0] == 1


def test_classes_have_maps_of_their_own(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    points = np.array([[1.0, 1.0], [1.0, 1.0], [5.0, 6.0]])
    record = PointRecord(tmp_path / "a.png", points, np.array([2, 2, 1]), ("x", "y"))
    _, maps = next(iter(make_point_dataset(open_all([record], num_classes=2))))
    assert maps[0, 1, 1].numpy().tolist() == [0, 2] and maps[0, 5, 6].numpy().tolist() == [1, 0]


def test_evaluation_batches_hold_every_picture_whole(records):
    batches = list(make_point_dataset(open_all(records)))
    assert [tuple(images.shape) for images, _ in batches] == [
        (1, 40, 48, 3),
        (1, 32, 70, 3),  # grown to 32 rows
        (1, 64, 64, 3),
    ]
    counts = [float(tf.reduce_sum(tf.maximum(maps, 0))) for _, maps in batches]
    assert counts == [record.count for record in records]
    assert (batches[1][1].numpy() >= 0).sum() == 20 * 60


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_evaluation_takes_thin_pictures(tmp_path, size):
    Image.new("RGB", size[::-1]).save(tmp_path / "a.png")
    images, maps = next(iter(make_point_dataset(open_all([PointRecord(tmp_path / "a.png", [])]))))
    assert min(images.shape[1:3]) == 32 and (maps.numpy() >= 0).sum() == size[0] * size[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [((10, None, 4), (10, 2)), ((10, 4, 4), (10, 1)), ((3, 8, 4), (9, 2)), ((1, 7, 7), (7, 1))],
)
def test_count_samples_repeats_pictures_when_an_epoch_has_more(given, expected):
    num_records, wanted, batch_size = given
    assert count_samples(num_records, wanted, batch_size=batch_size) == expected


def test_count_samples_names_a_batch_that_is_not_filled():
    with pytest.raises(InputError, match="`batch_size` must not exceed .* Received 8 for 5"):
        count_samples(5, None, batch_size=8)


def test_check_whole_pictures_wants_one_size_or_a_batch_of_one(records):
    pictures = open_all(records)
    check_whole_pictures(pictures, 1)
    check_whole_pictures(open_all(records[:1] * 2), 4)
    with pytest.raises(InputError, match="`crop` must be given, .* null and 2 for 3 sizes"):
        check_whole_pictures(pictures, 2)


def test_grow_sample_leaves_large_pictures_alone():
    sample = Sample(np.zeros((32, 33, 3), np.uint8), np.zeros((0, 2)), np.ones((32, 33), bool))
    assert grow_sample(sample) is sample


def test_a_mask_of_another_size_is_named(records, tmp_path):
    Image.fromarray(np.ones((5, 5), np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match="mask.png.* must have the size of its picture"):
        open_all(records).read(1)


def test_an_empty_region_is_named(records, tmp_path):
    Image.fromarray(np.zeros((20, 70), np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match="mask.png.* must mark a pixel"):
        open_all(records).read(1)
