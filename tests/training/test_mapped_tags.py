from types import SimpleNamespace

import numpy as np
import pytest

from config.errors import InputError
from training.mapped_tags import read_mapped_tags, read_mapping_head


@pytest.fixture
def head_file(tmp_path):
    path = tmp_path / "head.npz"
    np.savez(path, kernel=np.ones((2, 2)), bias=np.zeros(2), labels=["ant, emmet", "bee"])
    return str(path)


def make_params(**changes):
    return SimpleNamespace(**{"class_map": None, "head_file": None, "weights": "a.h5", **changes})


def test_read_mapped_tags_gives_the_labels_of_each_tag(head_file):
    params = make_params(class_map={"fly": ["bee", "emmet"]}, head_file=head_file)
    head, groups = read_mapped_tags(params, ("cow", "fly"))
    assert groups == {2: (1, 0)} and head.labels == ("ant, emmet", "bee")


def test_read_mapped_tags_without_a_map_reads_nothing():
    assert read_mapped_tags(make_params(head_file="absent.npz"), ("cow",)) == (None, {})
    assert read_mapped_tags(make_params(class_map={}), ("cow",)) == (None, {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head_file": None}, "Received no `head_file`"),
        ({"weights": None}, "`weights` null, for random ones"),
        ({"head_file": "absent.npz"}, "no such file"),
    ],
)
def test_read_mapping_head_says_what_it_lacks(head_file, changes, message):
    with pytest.raises(InputError, match=message):
        read_mapping_head(make_params(**{"head_file": head_file, **changes}))
