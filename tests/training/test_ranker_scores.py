import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import CountRecord
from models.ranker import build_ranker
from training.ranker_scores import score_pictures


def brightness_ranker(length, weight=2.0):
    """Score a picture by twice its mean brightness."""
    image = keras.Input((4, 4, 3))
    encoder = keras.Model(image, {"stride_4": keras.layers.AveragePooling2D(4)(image)}, name="mean")
    ranker = build_ranker(encoder, list_length=length)
    ranker.get_layer("combine").set_weights([np.full((3, 1), weight / 3), np.zeros(1)])
    return ranker


def write_grey(folder, levels):
    records = []
    for number, level in enumerate(levels):
        Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(folder / f"{number}.png")
        records.append(CountRecord(folder / f"{number}.png", number))
    return records


@pytest.mark.parametrize("length", [2, 3, 8])
def test_score_pictures_scores_each_picture_by_itself(tmp_path, length):
    records = write_grey(tmp_path, [0, 51, 255, 102, 204])
    # Twice level / 255, whatever the length of the lists that the ranker takes.
    found = score_pictures(brightness_ranker(length), records)
    np.testing.assert_allclose(found, [0, 0.4, 2, 0.8, 1.6], atol=1e-6)


def test_score_pictures_adds_up_patches(tmp_path):
    records = write_grey(tmp_path, [51])
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:4, 4:] = 255
    Image.fromarray(picture).save(tmp_path / "corner.png")
    records.append(CountRecord(tmp_path / "corner.png", 1))
    # Four patches of .4; one patch of 2 and three of 0.
    found = score_pictures(brightness_ranker(3), records, N=2)
    np.testing.assert_allclose(found, [1.6, 2.0], atol=1e-6)


def test_score_pictures_refuses_what_is_not_finite(tmp_path):
    records = write_grey(tmp_path, [51])
    with pytest.raises(InputError, match="not finite"):
        score_pictures(brightness_ranker(2, weight=np.inf), records)
