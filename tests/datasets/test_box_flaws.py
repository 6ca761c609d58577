import numpy as np
import pytest

from datasets.box_flaws import describe_flaw, find_flaw


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((0, 0, 8, 6), ""),
        ((3, 2, 3.5, 2.5), ""),
        ((-1, -1, 9, 7), ""),  # another way to count pixels
        ((-1.5, 0, 4, 4), "beyond"),
        ((4, 4, 8, 7.5), "beyond"),
        ((4, 2, 4, 5), "empty"),
        ((4, 2, 6, 2), "empty"),
        ((5, 2, 4, 5), "inverted"),
        ((5, 2, 4, 2), "inverted"),
        ((8, 0, 9, 6), "outside"),
        ((0, -3, 8, 0), "outside"),
    ],
)
def test_find_flaw_tells_the_gravest(box, kind):
    assert find_flaw(np.array(box, float), (6, 8)) == kind


def test_find_flaw_of_a_picture_of_one_pixel():
    assert find_flaw(np.array([0.0, 0, 1, 1]), (1, 1)) == ""


def test_describe_flaw_names_the_object():
    assert describe_flaw("inverted", "line 3").text == "line 3, whose box is inverted"
