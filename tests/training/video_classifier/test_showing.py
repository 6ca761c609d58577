from dataclasses import replace
from pathlib import Path

import numpy as np

from config.loader import load_params
from training.video_classifier.frame_runs import ShotCamSettings, make_shot_drawer
from training.video_classifier.showing import draw_run, find_map_box, write_predictions

CONFIG = Path(__file__).resolve().parents[3] / "config"


def test_write_predictions_lists_every_frame(shots, tmp_path):
    scores = [np.array([[0.5, -1.0]] * 3), np.array([[2.0, 1.0]] * 3)]
    rows = write_predictions(shots, scores, tmp_path / "a.csv").read_text().splitlines()
    assert rows[0] == "shot,frame,tag,predicted,score_blue,score_red" and len(rows) == 7
    assert rows[4] == "red/0,0.png,red,blue,2,1"


def test_draw_run_draws_frames_with_and_without_boxes(shots, classifier, tmp_path):
    params = load_params(CONFIG / "demo", "training/video_classifier")
    params = replace(params, image_size=32, num_pictures=5)
    settings = ShotCamSettings(image_size=32, method="grad_cam")
    draw = make_shot_drawer(classifier, settings, batch_size=2, max_pixels=10_000)
    shots = [shots[0], replace(shots[1], boxes=())]
    scores = [np.zeros((3, 2))] * 2
    draw_run(tmp_path, shots, scores, draw, params, threshold=0.5, seed=0)
    assert (tmp_path / "cam_sheet.png").is_file()
    draw_run(
        tmp_path / "none",
        shots,
        scores,
        draw,
        replace(params, num_pictures=0),
        threshold=0.5,
        seed=0,
    )
    assert not (tmp_path / "none").exists()


def test_find_map_box_brings_boxes_to_the_frame():
    cam = np.zeros((4, 4))
    cam[1:3, 2:] = 1
    # At 4 x 4: columns 2 and 3, rows 1 and 2; a frame of 40 x 20 is 10 and 5 times that.
    assert find_map_box(cam, (20, 40), 4, 0.5).tolist() == [20, 5, 40, 15]
    assert find_map_box(np.zeros((4, 4)), (20, 40), 4, 0.5) is None
