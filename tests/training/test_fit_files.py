import pytest

from config.errors import InputError
from training.fit_files import read_fit


def test_read_fit_names_an_unfinished_run(tmp_path):
    with pytest.raises(InputError, match="must be a localization run that was trained to its end"):
        read_fit(tmp_path, "localization")
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(InputError, match="must be a points run that was trained to its end"):
        read_fit(tmp_path, "points")
    (tmp_path / "fit.json").write_text('{"seconds": 2}')
    assert read_fit(tmp_path, "points") == {"seconds": 2}
