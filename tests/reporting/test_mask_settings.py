import keras
import pytest

from config.errors import InputError
from reporting.mask_settings import MaskSettings, find_mask_settings, masks_asset


class Named(keras.layers.Layer):
    """A layer that carries names, as a segmenter's does."""

    class_names = ("horse", "dog")

    def call(self, images):
        return images[..., 0]


def test_find_mask_settings_prefers_the_models_own_names(tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8")
    model = keras.Model(images, {"label_map": Named()(images)})
    (tmp_path / "masks.json").write_text('{"class_names": ["cat"]}')
    settings = find_mask_settings(model, tmp_path / "segmenter.keras")
    assert settings == MaskSettings(("horse", "dog"))
    assert '"horse"' in masks_asset(model, tmp_path / "segmenter.keras")["masks.json"]


def test_find_mask_settings_names_a_file_that_cannot_be_used(segmenter, tmp_path):
    (tmp_path / "masks.json").write_text('{"class_names": ["cat", "cat"]}')
    with pytest.raises(InputError, match="masks.json`: `class_names` must be a list of different"):
        find_mask_settings(segmenter, tmp_path / "segmenter.keras")


def test_other_models_have_no_mask_settings(brightness_counter, tmp_path):
    assert find_mask_settings(brightness_counter, tmp_path / "counter.keras") is None
    assert masks_asset(brightness_counter, tmp_path / "counter.keras") == {}
