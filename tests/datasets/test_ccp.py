import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.ccp import list_ccp_tags


@pytest.fixture
def ccp(tmp_path):
    """Photo 1 with a hat and a tie drawn, 2 with a bag and a hat named, 3 with a bad file."""
    folder = tmp_path / "ccp"
    for name in ("photos", "annotations/pixel-level", "annotations/image-level"):
        (folder / name).mkdir(parents=True)
    cells = np.empty((1, 4), object)
    cells[0] = [np.array([name]) for name in ("null", "bag", "hat", "tie")]
    scipy.io.savemat(folder / "label_list.mat", {"label_list": cells})
    for i in (1, 2):
        Image.new("RGB", (3, 2)).save(folder / "photos" / f"{i}.jpg")
    truth = np.array([[0, 2, 3], [0, 2, 2]], np.uint8)
    scipy.io.savemat(folder / "annotations/pixel-level/1.mat", {"groundtruth": truth})
    tags = np.array([[0, 2, 1]], np.uint8)
    scipy.io.savemat(folder / "annotations/image-level/2.mat", {"tags": tags})
    scipy.io.savemat(folder / "annotations/pixel-level/3.mat", {"groundtruth": truth + 1})
    return folder


def test_list_ccp_tags_reads_both_kinds(ccp):
    drawn, named, bad = list_ccp_tags(ccp.parent, "ccp")
    assert drawn.names == ("hat", "tie") and drawn.image == ccp / "photos" / "1.jpg"
    assert drawn.mask == ccp / "annotations" / "pixel-level" / "1.mat"
    assert drawn.mask_names == ("bag", "hat", "tie") and not drawn.only_training
    assert named.names == ("bag", "hat") and named.mask is None and named.only_training
    assert "3.mat` must hold labels of 0 to 3. It holds 4" in bad.problem


def test_list_ccp_tags_of_one_kind(ccp):
    (named,) = list_ccp_tags(ccp.parent, "ccp/annotations/image-level")
    assert named.names == ("bag", "hat") and not named.only_training
    with pytest.raises(InputError, match="must hold `pixel-level` or `image-level`"):
        list_ccp_tags(ccp.parent, "ccp/annotations/.")


@pytest.mark.parametrize("tags", [np.array([[0.5]]), np.array([[-1]]), "hat"])
def test_list_ccp_tags_gives_bad_rows_as_problems(ccp, tags):
    scipy.io.savemat(ccp / "annotations/image-level/2.mat", {"tags": tags})
    assert "`tags` must be whole numbers" in list_ccp_tags(ccp.parent, "ccp")[1].problem


@pytest.mark.parametrize(
    ("names", "message"), [(["a", "a"], "name each label once"), ([1.0, 2.0], "two names or more")]
)
def test_list_ccp_tags_refuses_a_bad_list_of_labels(ccp, names, message):
    cells = np.array([[1.0, 2.0]])
    if isinstance(names[0], str):
        cells = np.empty((1, 2), object)
        cells[0] = [np.array([name]) for name in names]
    scipy.io.savemat(ccp / "label_list.mat", {"label_list": cells})
    with pytest.raises(InputError, match=message):
        list_ccp_tags(ccp.parent, "ccp")
