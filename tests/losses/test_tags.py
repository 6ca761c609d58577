import keras
import numpy as np
import pytest

from config.errors import InputError
from losses.tags import TagLoss, build_tag_loss, tag_loss

LOGITS = np.array([[2.0, -1.0, 0.0], [-50.0, 50.0, 0.5]], np.float32)
TAGS = np.array([[1, 0, 1], [1, 1, 0]], np.float32)


def test_tag_loss_is_the_cross_entropy_summed_over_the_classes():
    # softplus(-z) where the tag is there, softplus(z) where it is not
    signs = np.where(TAGS > 0, -LOGITS, LOGITS).astype(np.float64)
    expected = np.logaddexp(0, signs).sum(axis=1)
    np.testing.assert_allclose(tag_loss(LOGITS, TAGS), expected, rtol=1e-5)
    assert float(TagLoss()(TAGS, LOGITS)) == pytest.approx(expected.mean(), rel=1e-5)


def test_tag_loss_with_a_focus_weighs_easy_tags_less():
    # z = 0: p = 1/2, so gamma 2 takes a quarter of log 2
    loss = tag_loss(np.zeros((1, 1), np.float32), np.ones((1, 1)), gamma=2.0)
    assert float(loss[0]) == pytest.approx(np.log(2) / 4, rel=1e-5)


def test_tag_loss_names_wrong_shapes():
    with pytest.raises(ValueError, match=r"must be \(B, K\)"):
        tag_loss(LOGITS, TAGS[:, :2])


def test_tag_loss_is_saved_with_its_focus():
    config = keras.losses.serialize(TagLoss(gamma=1.5))
    assert keras.losses.deserialize(config).gamma == 1.5


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"class_name": "Other"}, '"TagLoss"'),
        ({"class_name": "TagLoss", "config": {"alpha": 1}}, "does not take"),
        ({"class_name": "TagLoss", "config": {"gamma": -1}}, "at least 0"),
        ({"class_name": "TagLoss", "config": 1}, "must be"),
    ],
)
def test_build_tag_loss_says_what_is_wrong(config, message):
    with pytest.raises(InputError, match=message):
        build_tag_loss(config)
