import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.cam_store import CamStore
from datasets.records import TagRecord
from models.seeder import JoinTags
from training.seeds.heat_maps import (
    MapSettings,
    enlarge_maps,
    find_heat_maps,
    read_map_settings,
    write_heat_maps,
)

NAMES = ("red", "blue")


@pytest.fixture
def records(tmp_path):
    """Pictures whose left half is red and whose right half is blue; the last has no tag."""
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16, 0] = pixels[:, 16:, 2] = 255
    tags = [(1, 2), (2,), (1,), ()]
    paths = [tmp_path / "data" / f"{number}.png" for number in range(4)]
    (tmp_path / "data").mkdir()
    for path in paths:
        Image.fromarray(pixels).save(path)
    return [TagRecord(path, each, NAMES) for path, each in zip(paths, tags, strict=True)]


@pytest.fixture
def seeder():
    """A seeder whose maps are the red and the blue of every 16th pixel."""
    image = keras.Input((None, None, 3))
    cams = keras.layers.MaxPooling2D(1, strides=16)(image)
    cams = keras.layers.Lambda(lambda x: x[..., ::2])(cams)
    scores = keras.layers.GlobalAveragePooling2D()(cams)
    return keras.Model(image, {"scores": scores, "cams": cams})


def find(seeder, records, **settings):
    settings = MapSettings(image_size=33, **settings)
    options = {"batch_size": 3, "max_pixels": 10_000}
    return list(find_heat_maps(seeder, records, settings, **options))


@pytest.mark.parametrize("flip", [False, True])
def test_find_heat_maps_gives_those_of_the_present_tags(seeder, records, flip):
    found = find(seeder, records, flip=flip)
    assert [each.record for each in found] == records
    assert [each.maps.shape for each in found] == [(2, 3, 3), (1, 3, 3), (1, 3, 3), (0, 3, 3)]
    assert found[0].size == (16, 32) and found[0].scores.shape == (2,)
    red, blue = found[0].maps[:, 1]  # columns at 0, 16 and 32 of 33 pixels
    assert red[0] == 1 and red[2] == 0 and blue[0] == 0 and blue[2] == 1
    np.testing.assert_allclose(found[1].maps[0], found[0].maps[1])


def test_find_heat_maps_averages_sizes_on_the_finest_cells(seeder, records):
    (found,) = find(seeder, records[:1], scales=(1.0, 2.0))
    assert found.maps.shape == (2, 5, 5)
    np.testing.assert_allclose(found.maps[0, 2, [0, 1, 3, 4]], [1, 0.75, 0.25, 0], atol=0.3)
    np.testing.assert_allclose(found.maps.sum(axis=0), 1, atol=0.05)


@pytest.fixture
def named_seeder(seeder):
    """The seeder with the names of its tags."""
    image = keras.Input((None, None, 3))
    return keras.Model(image, JoinTags([[1, 2]], NAMES)([seeder(image)]))


def test_find_heat_maps_finds_tags_by_name(seeder, named_seeder, records):
    (red, blue), scores = (found := find(seeder, records[:1])[0]).maps, found.scores
    turned = [replace(records[0], class_names=("blue", "red"))]
    (found,) = find(named_seeder, turned)
    np.testing.assert_allclose(found.maps, [blue, red])
    np.testing.assert_allclose(found.scores, scores[::-1])
    (found,) = find(named_seeder, [replace(records[0], tags=(1,), class_names=("blue",))])
    np.testing.assert_allclose(found.maps, [blue])
    assert found.scores.shape == (1,)


def test_find_heat_maps_refuses_a_tag_that_the_seeder_lacks(named_seeder, records):
    with pytest.raises(InputError, match="has learnt: red, blue. Received green"):
        find(named_seeder, [replace(records[0], class_names=("red", "green"))])


def test_find_heat_maps_names_the_picture_of_a_broken_network(records):
    image = keras.Input((None, None, 3))
    cams = keras.layers.Rescaling(np.inf)(image)
    broken = keras.Model(image, {"scores": cams[:, 0, 0, :2], "cams": cams[..., :2]})
    with pytest.raises(InputError, match=r"0\.png: the network's scores are"):
        find(broken, records)


def test_write_heat_maps_goes_on_where_it_was(seeder, records, tmp_path):
    store = CamStore(tmp_path / "cams", {})
    options = {"settings": MapSettings(image_size=33), "data_dir": tmp_path / "data"}
    options |= {"batch_size": 2, "max_pixels": 10_000}
    assert write_heat_maps(seeder, records[:2], store, **options) == 2
    assert write_heat_maps(seeder, records, store, **options) == 2
    assert store.keys() == ["0.png", "1.png", "2.png", "3.png"]
    assert store.read("1.png")[1] == (2,) and store.read("3.png")[0].shape == (0, 3, 3)
    turned = [replace(record, class_names=NAMES[::-1]) for record in records]
    assert write_heat_maps(seeder, turned, store, **options) == 3  # all that have a tag
    assert write_heat_maps(seeder, records, store, **options) == 3
    Image.new("RGB", (32, 16)).save(records[0].image)
    assert write_heat_maps(seeder, records, store, **options) == 1


def test_enlarge_maps_keeps_the_corners():
    maps = np.arange(9.0).reshape(1, 3, 3)
    large = enlarge_maps(maps, (33, 33), 33)
    assert large.shape == (1, 33, 33)
    assert large[0, [0, 0, -1, -1, 16], [0, -1, 0, -1, 16]].tolist() == [0, 2, 6, 8, 4]


def test_map_settings_round_to_sizes_whose_cells_lie_on_pixels():
    # 320 / 16 = 20 cells: half is 10, 1.53 is 30.6, about 31
    assert MapSettings(image_size=321, scales=(1.53, 0.5, 1.0, 1.0)).sides == (161, 321, 497)
    assert MapSettings(image_size=41, scales=(1.0,)).sides == (41,)


def test_read_map_settings_reads_what_scoring_wrote(tmp_path):
    told = {"image_size": 33, "cam_scales": [1, 2], "cam_flip": True, "seed_threshold": 0.3}
    (tmp_path / "tags.json").write_text(json.dumps(told))
    settings = MapSettings(image_size=33, scales=(1.0, 2.0), flip=True)
    assert read_map_settings(tmp_path) == (settings, 0.3)
    (tmp_path / "tags.json").write_text(json.dumps({**told, "cam_scales": None}))
    with pytest.raises(InputError, match="must tell how maps of tags are computed"):
        read_map_settings(Path(tmp_path))
