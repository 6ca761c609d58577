from pathlib import Path

import numpy as np
from PIL import Image

from config.loader import load_params
from datasets.records import PointRecord
from ops.class_blobs import BlobRule
from training.points.prediction import PictureMaps, score_picture
from training.points.showing import draw_run, write_predictions

CONFIG = Path(__file__).resolve().parents[3] / "config"


def make_score(path, columns, points, classes=None):
    probabilities = np.zeros((4, 9, 1 if classes is None else 2))
    probabilities[0, columns, 0] = 0.9
    maps = PictureMaps(probabilities, np.ones((4, 9), bool), (4, 9))
    places = np.array([[0.0, column] for column in points]).reshape(-1, 2)
    record = PointRecord(path, places, None if classes is None else np.array(classes))
    return score_picture(record, maps, BlobRule(), radius=1), maps


def test_write_predictions_has_a_row_per_picture(tmp_path):
    scores = [make_score(Path("a,b.png"), [0, 3], [0])[0], make_score(Path("c.png"), [], [])[0]]
    path = write_predictions(scores, (), tmp_path / "a.csv", objects_per_blob=1.5)
    assert path.read_text().splitlines() == [
        "image,count,predicted,error,num_blobs,num_found",
        '"a,b.png",1,3,2,2,1',
        "c.png,0,0,0,0,0",
    ]


def test_write_predictions_adds_columns_per_class(tmp_path):
    score, _ = make_score(Path("a.png"), [0], [0, 5], [1, 2])
    lines = write_predictions([score], ("x", "y"), tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].endswith("count_x,predicted_x,count_y,predicted_y")
    assert lines[1] == "a.png,2,1,-1,1,1,1,1,1,0"


def test_draw_run_draws_the_worst_and_the_best(tmp_path):
    cases = {}
    for number in range(4):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (9, 4)).save(path)
        cases[path] = make_score(path, list(range(0, 2 * number, 2)), [0])
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "worst_09.png").write_bytes(b"")
    params = load_params(CONFIG, "training/points", ["num_pictures=3"])
    scores = [score for score, _ in cases.values()]
    draw_run(
        tmp_path / "figures", scores, lambda record: cases[record.image][1], BlobRule(), params
    )
    names = sorted(path.stem for path in (tmp_path / "figures").iterdir())
    assert names == ["best_00", "count_scatter", "error_boxplot", "worst_00", "worst_01"]


def test_draw_run_draws_no_picture_twice(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (9, 4)).save(path)
    score, maps = make_score(path, [0], [0])
    params = load_params(CONFIG, "training/points", ["num_pictures=10"])
    draw_run(tmp_path / "figures", [score], lambda record: maps, BlobRule(), params)
    assert not list((tmp_path / "figures").glob("best_*"))
