import pytest

from config.errors import InputError
from training.fit_files import read_fit


def test_read_fit_names_an_unfinished_run(tmp_path):
    with pytest.raises(InputError, match="must be a localization run that was trained to its end"):
        read_fit(tmp_path, "localization")
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(InputError, match="must be a points run that was trained to its end"):
        read_fit(tmp_path, "points")
    (tmp_path / "fit.json").write_text("[]")
    with pytest.raises(InputError, match="must be a points run that was trained to its end"):
        read_fit(tmp_path, "points")


def test_read_fit_reads_the_run_or_one_of_its_parts(tmp_path):
    (tmp_path / "fit.json").write_text('{"seconds": 2}')
    assert read_fit(tmp_path, "points") == {"seconds": 2}
    message = f"with round_1/fit.json. Finish it with `--resume {tmp_path}`"
    with pytest.raises(InputError, match=message):
        read_fit(tmp_path, "points", part="round_1")
    (tmp_path / "round_1").mkdir()
    (tmp_path / "round_1" / "fit.json").write_text('{"seconds": 3}')
    assert read_fit(tmp_path, "points", part="round_1") == {"seconds": 3}
