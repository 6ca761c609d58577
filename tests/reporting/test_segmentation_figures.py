import numpy as np
import pytest
from PIL import Image

from reporting.segmentation_figures import draw_confusion, draw_rules


def test_draw_confusion_writes_a_figure_of_any_number_of_labels(tmp_path):
    for number in (1, 3, 30):
        names = [f"class ${i}" for i in range(number)]
        path = draw_confusion(np.eye(number), names, tmp_path / f"{number}.png")
        assert Image.open(path).size[0] > 200


def test_draw_confusion_refuses_another_number_of_names(tmp_path):
    with pytest.raises(ValueError, match=r"must be .1, 1., a row per name. Received shape .2, 2."):
        draw_confusion(np.eye(2), ["cat"], tmp_path / "a.png")


def test_draw_rules_takes_missing_values_and_refuses_none(tmp_path):
    assert draw_rules({"G1": None, "G2": 1.0}, tmp_path / "a.png", chosen="G2").is_file()
    with pytest.raises(ValueError, match="at least one rule. Received none"):
        draw_rules({}, tmp_path / "a.png")
