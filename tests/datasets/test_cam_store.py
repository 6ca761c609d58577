import numpy as np
import pytest

from config.errors import InputError
from datasets import cam_store
from datasets.cam_store import CamStore

MAPS = np.arange(12, dtype=np.float32).reshape(2, 2, 3) / 7


def test_cam_store_gives_back_maps_in_half_precision(tmp_path):
    store = CamStore(tmp_path / "cams", {"model": "a"})
    store.write("zoo/a.jpg", MAPS, [3, 1])
    maps, classes = CamStore(tmp_path / "cams", {"model": "a"}).read("zoo/a.jpg")
    assert maps.dtype == np.float16 and classes == (3, 1)
    np.testing.assert_array_equal(maps, MAPS.astype(np.float16))


def test_cam_store_keeps_pictures_of_one_name_apart(tmp_path):
    store = CamStore(tmp_path, {})
    for number, key in enumerate(["a/1.jpg", "b/1.jpg", "b/1.png", "é" * 200 + ".jpg"]):
        store.write(key, MAPS[:1] + number, [1])
    assert store.keys() == sorted(["a/1.jpg", "b/1.jpg", "b/1.png", "é" * 200 + ".jpg"])
    assert float(store.read("b/1.jpg")[0][0, 0, 0]) == 1


def test_cam_store_holds_only_what_is_unchanged(tmp_path):
    store = CamStore(tmp_path, {})
    store.write("a", MAPS, [1, 2], stamp="now")
    assert store.holds("a", [1, 2], stamp="now")
    assert not store.holds("a", [1, 2], stamp="later")
    assert not store.holds("a", [1, 3], stamp="now")
    next(tmp_path.glob("*.npz")).write_bytes(b"half")
    assert not store.holds("a", [1, 2], stamp="now")


def test_cam_store_keeps_a_picture_without_classes(tmp_path):
    store = CamStore(tmp_path, {})
    store.write("a", np.zeros((0, 2, 3)), [])
    maps, classes = store.read("a")
    assert maps.shape == (0, 2, 3) and classes == () and store.holds("a", [])


def test_cam_store_clips_what_half_precision_cannot_hold(tmp_path):
    store = CamStore(tmp_path, {})
    store.write("a", np.array([[[1e6, -1e6]]]), [1])
    assert store.read("a")[0].tolist() == [[[65504.0, -65504.0]]]


def test_cam_store_refuses_maps_of_another_model_or_makes_them_anew(tmp_path):
    CamStore(tmp_path, {"model": "a"}).write("a", MAPS, [1, 2])
    with pytest.raises(InputError, match="Its maps are of {'model': 'a'}"):
        CamStore(tmp_path, {"model": "b"})
    assert CamStore(tmp_path, {"model": "b"}, rebuild=True).keys() == []
    assert CamStore(tmp_path, {"model": "b"}).keys() == []


@pytest.mark.parametrize("maps", [MAPS[:1], MAPS[0], MAPS * np.nan])
def test_cam_store_refuses_maps_that_do_not_fit(tmp_path, maps):
    with pytest.raises(ValueError, match="one map for each of 2 classes"):
        CamStore(tmp_path, {}).write("a", maps, [1, 2])


def test_cam_store_names_what_is_missing_or_hostile(tmp_path):
    store = CamStore(tmp_path, {})
    with pytest.raises(InputError, match="no such file"):
        store.read("a")
    store.write("a", MAPS, [1, 2])
    path = next(tmp_path.glob("*.npz"))
    np.savez(path, maps=np.array([{}], object), classes=[1], key="a")
    with pytest.raises(InputError, match="plain arrays"):
        store.read("a")
    np.savez(path, maps=MAPS, classes=[1, 2], key="a")
    with pytest.raises(InputError, match="must hold float16 maps"):
        store.read("a")


def test_cam_store_refuses_what_it_could_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(cam_store, "MAX_BYTES", cam_store._ROOM + 100)
    store = CamStore(tmp_path, {})
    store.write("short", np.zeros((2, 3, 4)), [1, 1])  # 48 + 8 bytes
    assert store.read("short")[0].shape == (2, 3, 4)
    with pytest.raises(InputError, match="Those of `long` have 96; cut it into several"):
        store.write("long", np.zeros((4, 3, 4)), [1] * 4)
