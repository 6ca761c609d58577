import pytest

from config.errors import InputError
from training.points.scoring import read_fit


def test_read_fit_names_an_unfinished_run(tmp_path):
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(InputError, match="must be a points run that was trained to its end"):
        read_fit(tmp_path)
