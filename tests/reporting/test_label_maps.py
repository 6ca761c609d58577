import numpy as np
import pytest
import tifffile
from PIL import Image

from reporting.label_maps import LabelStore, write_label_map


def cut(labels, side=16):
    for top in range(0, labels.shape[0], side):
        for left in range(0, labels.shape[1], side):
            yield labels[top : top + side, left : left + side]


def write(labels, path, **options):
    options = {"num_labels": labels.max(), "png_pixels": 10_000, **options}
    return write_label_map(cut(labels), path, size=labels.shape, part_size=(16, 16), **options)


def random_labels(*shape, largest=300):
    return np.random.default_rng(0).integers(0, largest + 1, shape).astype(np.int32)


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 33), (40, 15)])
def test_write_label_map_writes_a_png_of_16_bits(shape, tmp_path):
    labels = random_labels(*shape, largest=65_535)
    path = write(labels, tmp_path / "new" / "a.jpg")
    assert path == tmp_path / "new" / "a.jpg.png"
    with Image.open(path) as picture:
        assert picture.mode == "I;16"
        np.testing.assert_array_equal(np.asarray(picture), labels)


@pytest.mark.parametrize("options", [{"num_labels": 65_536}, {"png_pixels": 100}])
def test_write_label_map_writes_a_tiled_tiff_of_many_labels_or_pixels(options, tmp_path):
    labels = random_labels(40, 35, largest=70_000)
    path = write(labels, tmp_path / "a", **options)
    assert path.name == "a.tif"
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].is_tiled and file.pages[0].dtype == np.int32
        np.testing.assert_array_equal(file.pages[0].asarray(), labels)


@pytest.mark.parametrize("options", [{}, {"png_pixels": 100}])
def test_write_label_map_leaves_nothing_when_it_is_stopped(options, tmp_path):
    def stopped():
        yield np.zeros((16, 16), np.int32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_label_map(
            stopped(),
            tmp_path / "a",
            size=(40, 40),
            part_size=(16, 16),
            **{"num_labels": 1, "png_pixels": 10_000, **options},
        )
    assert list(tmp_path.iterdir()) == []


def test_label_store_gives_back_what_it_took_in_order(tmp_path):
    parts = [random_labels(3, 4), random_labels(1, 1), np.zeros((5, 2), np.int32)]
    with LabelStore(tmp_path) as store:
        for part in parts:
            store.add(part)
        for _ in range(2):
            for part, kept in zip(parts, store, strict=True):
                np.testing.assert_array_equal(part, kept)
    assert list(tmp_path.iterdir()) == []
