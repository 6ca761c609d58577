import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.imagenet_head import (
    ClassifierHead,
    TagOdds,
    build_head_network,
    read_class_map,
    read_head,
)

LABELS = ("tench, Tinca", "crane", "crane", "wallaby, brush kangaroo")


def make_head(num_channels=2):
    generator = np.random.default_rng(0)
    kernel = generator.normal(size=(num_channels, 4)).astype(np.float32)
    return ClassifierHead(kernel, np.arange(4, dtype=np.float32), LABELS)


def write(path, **changes):
    arrays = {"kernel": np.ones((2, 3)), "bias": np.zeros(3), "labels": ["a", "b", "c"], **changes}
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def test_read_head_multiplies_what_is_quantised(tmp_path):
    kernel = np.array([[1, -2, 3], [4, 5, -6]], np.int8)
    path = write(tmp_path / "a.npz", kernel=None, kernel_int8=kernel, scale=np.array([1, 0.5, 2]))
    np.testing.assert_allclose(read_head(path).kernel, [[1, -1, 6], [4, 2.5, -12]])


def test_read_head_takes_a_plain_kernel(tmp_path):
    head = read_head(write(tmp_path / "a.npz"))
    assert head.kernel.shape == (2, 3) and head.labels == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bias": np.zeros(2)}, "must hold a kernel"),
        ({"labels": np.arange(3)}, "of text"),
        ({"kernel": None}, "must hold the array `kernel`"),
        ({"kernel": np.full((2, 3), np.nan)}, "finite"),
        ({"labels": np.array([{}, {}, {}], object)}, "plain arrays"),
        ({"kernel_int8": np.ones((2, 3), np.int8), "scale": np.ones(2)}, "`scale`"),
    ],
)
def test_read_head_says_what_is_wrong_with_the_file(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read_head(write(tmp_path / "a.npz", **changes))


def test_read_class_map_finds_labels_by_word_name_and_number():
    found = read_class_map({"b": ["Brush Kangaroo", 1], "a": "tench, tinca"}, "abc", make_head())
    assert found == {1: (0,), 2: (3, 1)} and list(found) == [1, 2]


@pytest.mark.parametrize(
    ("class_map", "message"),
    [
        ({"d": "tench"}, "must name tags of the data: a, b, c. Received d"),
        ({"a": "crane"}, r"is several labels; give one of 1 \(crane\); 2 \(crane\)"),
        ({"a": "walaby"}, "The nearest are wallaby"),
        ({"a": 4}, "numbers from 0 to 3"),
        ({"a": []}, "one or more different labels"),
        ({"a": ["tench", 0]}, "one or more different labels"),
    ],
)
def test_read_class_map_says_what_is_wrong(class_map, message):
    with pytest.raises(InputError, match=message):
        read_class_map(class_map, "abc", make_head())


def test_tag_odds_are_those_of_the_softmax():
    logits = np.random.default_rng(0).normal(size=(2, 5))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    group = probabilities[:, [1, 4]].sum(axis=1)
    odds = TagOdds([[1, 4]])(keras.ops.array(logits)).numpy()
    np.testing.assert_allclose(odds[:, 0], np.log(group / (1 - group)), atol=1e-5)


def test_build_head_network_takes_the_largest_map_of_a_tags_labels():
    encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
    head = make_head(1280)
    image = np.random.default_rng(0).random((1, 65, 65, 3), np.float32)
    found = build_head_network(encoder, head, [(2,), (1, 3)])(image)
    features = encoder(image)["stride_32"].numpy()  # every second place of the dilated map
    maps = features @ head.kernel
    cams = found["cams"].numpy()
    assert cams.shape == (1, 5, 5, 2)
    np.testing.assert_allclose(cams[:, ::2, ::2, 0], maps[..., 2], atol=1e-4)
    np.testing.assert_allclose(cams[:, ::2, ::2, 1], maps[..., [1, 3]].max(-1), atol=1e-4)


def test_build_head_network_takes_an_encoder_with_one_map_as_it_is():
    image = keras.Input((4, 6, 3))
    encoder = keras.Model(image, keras.layers.AveragePooling2D(2)(image))
    head = make_head(3)
    picture = np.random.default_rng(0).random((2, 4, 6, 3), np.float32)
    cams = build_head_network(encoder, head, [(2,), (0,)])(picture)["cams"]
    expected = encoder(picture).numpy() @ head.kernel[:, [2, 0]]
    np.testing.assert_allclose(cams, expected, atol=1e-5)


def test_build_head_network_refuses_the_head_of_another_encoder():
    encoder = build_encoder("mobilenet_v2", (33, 33, 3), alpha=0.35)
    with pytest.raises(InputError, match="classifier of this encoder, on 1280 channels"):
        build_head_network(encoder, make_head(3), [(0,)])
