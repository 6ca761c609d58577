from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.label_maps import check_label_maps, read_label_map, read_mask
from datasets.records import BadRecord, TagRecord


@pytest.fixture
def write_mask(tmp_path):
    def write(values, **options):
        path = tmp_path / "mask.png"
        Image.fromarray(np.array(values, np.uint8)).save(path)
        options = {"tags": (1,), "class_names": ("cat", "rat"), **options}
        return TagRecord(Path("a.jpg"), mask=path, **options)

    return write


def test_read_label_map_keeps_ids_and_what_is_ignored(write_mask):
    labels = read_label_map(write_mask([[0, 1, 2], [255, 2, 0]]), (2, 3))
    assert labels.dtype == np.int32 and labels.tolist() == [[0, 1, 2], [255, 2, 0]]


def test_read_label_map_translates_ids_to_kept_classes(write_mask):
    # Mask: 1 dog (not kept), 2 rat, 3 cat.
    record = write_mask([[0, 1, 2, 3, 255]], mask_classes=(0, 2, 1))
    assert read_label_map(record, (1, 5)).tolist() == [[0, 0, 2, 1, 255]]


@pytest.mark.parametrize("value", [1, 255])
def test_read_label_map_gives_foreground_the_only_tag(write_mask, value):
    record = write_mask([[0, value]], tags=(2,), mask_values="foreground")
    assert read_label_map(record, (1, 2)).tolist() == [[0, 2]]


def test_read_label_map_of_foreground_needs_one_tag(write_mask):
    record = write_mask([[1]], tags=(1, 2), mask_values="foreground")
    with pytest.raises(ValueError, match="must have one tag"):
        read_label_map(record, (1, 1))


def test_read_label_map_refuses_another_size_and_unknown_ids(write_mask):
    record = write_mask([[0, 3]])
    with pytest.raises(InputError, match="mask.png` must have the size .* 2 x 1 .* It has 1 x 2"):
        read_label_map(record, (2, 1))
    with pytest.raises(InputError, match="mask.png` must hold 0, ids of 1 to 2, .* It holds 3"):
        read_label_map(record, (1, 2))


def test_read_label_map_refuses_foreground_as_unlisted_ids(write_mask):
    record = write_mask([[0, 255]], mask_values="sorted_ids")
    with pytest.raises(InputError, match="mask.png` must hold ids: .* a classes.txt beside"):
        read_label_map(record, (1, 2))
    assert read_label_map(replace(record, mask_values="ids"), (1, 2)).tolist() == [[0, 255]]
    for values in ([[0, 0]], [[2, 255]]):  # nothing, and an id
        record = write_mask(values, mask_values="sorted_ids")
        assert read_label_map(record, (1, 2)).tolist() == values


def test_read_label_map_needs_a_mask():
    with pytest.raises(ValueError, match="must have a mask"):
        read_label_map(TagRecord(Path("a.jpg"), (1,), ("cat",)), (1, 1))


def test_read_mask_reads_matlab_and_refuses_other_matrices(tmp_path):
    path = tmp_path / "1.mat"
    scipy.io.savemat(path, {"groundtruth": np.array([[0, 7]], np.uint8)})
    assert read_mask(path).tolist() == [[0, 7]]
    for values, message in ((np.array([[0.5]]), "whole numbers"), (np.array([[-1]]), "negative")):
        scipy.io.savemat(path, {"groundtruth": values})
        with pytest.raises(InputError, match=message):
            read_mask(path)


def test_check_label_maps_counts_sound_masks_and_names_a_wrong_one(tmp_path, write_mask):
    sound = write_mask([[0, 1, 2]])
    picture = tmp_path / "a.png"
    Image.new("RGB", (3, 1)).save(picture)
    records = [
        BadRecord(Path("b.png"), "damaged"),
        replace(sound, image=picture),
        replace(sound, image=picture, mask=None),
        sound,  # its picture is absent
    ]
    assert check_label_maps(records) == check_label_maps(records, workers=2) == 1
    assert check_label_maps([]) == 0
    Image.new("RGB", (3, 2)).save(picture)
    with pytest.raises(InputError, match="mask.png` must have the size"):
        check_label_maps(records)
