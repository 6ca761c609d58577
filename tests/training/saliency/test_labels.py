import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.images import read_labels
from datasets.records import TagRecord
from training.saliency.labels import make_labels

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def records(tmp_path):
    """Three pictures of 40 x 60 pixels, a red box in each."""
    found = []
    for i in range(3):
        pixels = np.full((40, 60, 3), 200, np.uint8)
        pixels[10:30, 20 + i : 40 + i] = (200, 30, 30)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        boxes = np.array([[16.0, 7, 46, 33]])
        found.append(TagRecord(tmp_path / f"{i}.png", (1,), ("red",), boxes=boxes))
    return found


def make(records, tmp_path, *overrides, workers=1):
    params = load_params(CONFIG, "training/saliency", ["label_band=0", *overrides])
    args = argparse.Namespace(data_dir=str(tmp_path), workers=workers)
    return make_labels(args, params, records, tmp_path / "run")


def test_make_labels_writes_a_map_each(records, tmp_path):
    paths = make(records, tmp_path)
    assert [path.name for path in paths] == ["0.png.png", "1.png.png", "2.png.png"]
    for i, path in enumerate(paths):
        labels = read_labels(path)
        assert labels[10:30, 20 + i : 40 + i].min() == 1 and labels.sum() == 400


def test_make_labels_goes_on_where_it_stopped(records, tmp_path, monkeypatch):
    def stop(*items, **options):
        made.append(items)
        if len(made) == 2:
            raise KeyboardInterrupt
        return write(*items, **options)

    made = []
    from training.saliency import labels

    write = labels.write_object_labels
    monkeypatch.setattr(labels, "write_object_labels", stop)
    with pytest.raises(KeyboardInterrupt):
        make(records, tmp_path)
    monkeypatch.undo()
    first = tmp_path / "run" / "labels" / "0.png.png"
    marked = first.stat().st_mtime_ns
    make(records, tmp_path)
    assert first.stat().st_mtime_ns == marked
    assert len(list(first.parent.glob("*.png"))) == 3


def test_make_labels_of_other_settings_are_made_anew(records, tmp_path, caplog):
    path = make(records, tmp_path)[0]
    make(records, tmp_path, "label_band=2")
    assert 255 in read_labels(path) and "`label_band` was 0, now 2" in caplog.text


def test_make_labels_without_an_object_stops(records, tmp_path):
    flat = tmp_path / "flat.png"
    Image.new("RGB", (20, 20)).save(flat)
    with pytest.raises(InputError, match="`labels` rbd must find an object in some picture"):
        make([TagRecord(flat, (1,), ("red",))], tmp_path, "labels=rbd")


@pytest.mark.slow
def test_make_labels_in_two_processes_are_the_same(records, tmp_path):
    one = [path.read_bytes() for path in make(records, tmp_path, "labels=rbd")]
    (tmp_path / "run" / "labels" / "stage.json").unlink()
    two = [path.read_bytes() for path in make(records, tmp_path, "labels=rbd", workers=2)]
    assert one == two
