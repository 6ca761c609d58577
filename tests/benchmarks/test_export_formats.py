import re
import sys

import keras
import numpy as np

from benchmarks import export_formats
from config.commands import run_main
from models.point_counter import build_point_counter


def run(*argv):
    return run_main(export_formats.main, export_formats.build_parser(), list(argv))


def test_export_formats_prints_a_row_for_each(tmp_path, capsys, monkeypatch):
    image = keras.Input((None, None, 3))
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    build_point_counter(network).save(tmp_path / "points.keras")
    assert run("--model", str(tmp_path)) == 2
    assert "`--image_size HEIGHT WIDTH` is needed" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "openvino", None)
    more = ("--image_size", "9", "12", "--rounds", "1", "--threads", "1")
    assert run("--model", str(tmp_path), *more) == 0
    said = capsys.readouterr().out
    for name in ("Keras predict", "SavedModel", "LiteRT", "ONNX Runtime"):
        assert re.search(rf"^  {name} +[\d. ]+", said, re.MULTILINE)
    assert re.search(r"OpenVINO +this needs the package `openvino`", said)
    assert "count 0e+00" in said and np.isfinite(float(said.split("predict")[1].split()[0]))
