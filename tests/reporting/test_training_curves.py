import math

import pytest
from PIL import Image

from config.errors import InputError
from reporting.training_curves import draw_training_curves, read_training_log


def write_log(tmp_path, text):
    path = tmp_path / "results.csv"
    path.write_text(text)
    return path


def test_read_training_log_gives_nan_for_what_is_no_number(tmp_path):
    log = read_training_log(write_log(tmp_path, "epoch,loss\n0,0.5\n1,\n2,NaN\n3,broken\n4\n"))
    assert log["epoch"] == [0, 1, 2, 3, 4]
    assert log["loss"][0] == 0.5
    assert all(math.isnan(value) for value in log["loss"][1:])


@pytest.mark.parametrize("text", ["", "epoch,loss\n", "loss\n0.5\n"])
def test_read_training_log_refuses_a_log_without_epochs(text, tmp_path):
    with pytest.raises(InputError, match="results.csv must have a column `epoch`"):
        read_training_log(write_log(tmp_path, text))


def test_read_training_log_names_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="results.csv must be a CSV file"):
        read_training_log(tmp_path / "results.csv")


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss,val_loss\n0,0.5,0.6\n",
        "epoch,val_mae\n0,2\n1,1\n",
        "epoch,a,b,c,d,val_a\n0,1,2,3,4,nan\n1,1,2,3,4,5\n",
    ],
)
def test_draw_training_curves_draws_whatever_was_logged(text, tmp_path):
    path = draw_training_curves(write_log(tmp_path, text), tmp_path / "figures" / "curves.png")
    with Image.open(path) as picture:
        assert picture.format == "PNG"


def test_draw_training_curves_needs_a_quantity(tmp_path):
    with pytest.raises(InputError, match="must log a quantity besides `epoch`"):
        draw_training_curves(write_log(tmp_path, "epoch\n0\n"), tmp_path / "a.png")
