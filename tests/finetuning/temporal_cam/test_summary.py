from pathlib import Path

import numpy as np
import pytest

from datasets.records import ShotRecord
from finetuning.temporal_cam.prediction import measure_map, spread_shots
from finetuning.temporal_cam.summary import describe_choices, summarise, summarise_tracks
from reporting.videos import FrameResult
from training.shot_scores import ShotScores
from training.video_classifier.summary import Localization

NAMES = ("cat", "dog")


def make_shot(name, tag, num):
    return ShotRecord(name, tuple(Path(f"{i}.jpg") for i in range(num)), tag, NAMES)


def make_result(right, truth=True):
    box = np.array([0, 0, 4, 4] if right else [8, 8, 9, 9], float)
    return FrameResult(0, "", "cat", 1.0, box, truth=np.array([[0, 0, 4, 4]]) if truth else None)


def test_summarise_tracks_takes_means_over_tags_and_over_frames():
    shots = [make_shot("a", 1, 3), make_shot("b", 1, 1), make_shot("c", 2, 1)]
    tracks = [[make_result(True)] * 2 + [make_result(False)], [make_result(False)]]
    tracks.append([make_result(True)])
    # Cats: 2 of 4; dogs: 1 of 1.
    told = summarise_tracks(tracks, shots)
    assert told == {"box_corloc_macro": 0.75, "box_corloc_micro": 0.6, "box_mean_iou": 0.6}


def test_summarise_tracks_leaves_frames_of_unknown_truth_out():
    shots = [make_shot("a", 1, 2)]
    told = summarise_tracks([[make_result(True), make_result(False, truth=False)]], shots)
    assert told["box_corloc_micro"] == 1
    assert summarise_tracks([[make_result(True, truth=False)]], shots) == {}


def test_summarise_names_the_maps_that_are_compared():
    class Same(ShotScores):
        def __init__(self, share):
            self.share = share

        def result(self, *, threshold=None):
            each = {"corloc": self.share, "num_frames": 2}
            names = ("corloc_macro", "corloc_micro", "corloc_shots")
            return {
                **dict.fromkeys(names, self.share),
                "threshold": 0.5 if threshold is None else threshold,
                "per_class": {"cat": each, "dog": {"corloc": float("nan"), "num_frames": 0}},
                "per_shot": {"a": each},
                "max_box_acc_v1_50": self.share,
                "num_frames": 2,
            }

    found = {
        name: Localization(Same(share).result(), Same(share / 2).result(threshold=0.3))
        for name, share in (("decoder", 0.8), ("layer_cam", 0.4))
    }
    metrics, units = summarise(found, [], [])
    assert metrics["corloc_macro"] == 0.8 and metrics["label_free_corloc_macro"] == 0.4
    assert metrics["layer_cam_corloc_macro"] == 0.4 and metrics["layer_cam_threshold"] == 0.5
    assert metrics["layer_cam_label_free_corloc_macro"] == 0.2
    assert metrics["layer_cam_label_free_threshold"] == 0.3
    assert metrics["corloc_cat"] == 0.8 and "corloc_dog" not in metrics
    assert units["num_boxed_frames"] == "frames" and metrics["num_shots"] == 0


def test_describe_choices_says_by_what_the_epoch_was_chosen():
    fitted = {"transductive": False, "num_epochs": 9, "monitor": "val_corloc", "best": 0.5}
    fitted |= {"num_validation_shots": 3, "threshold": 0.25}
    notes = describe_choices("test", 4, fitted, maps="layer_cam", neighbours=1)
    assert "joined with 1 neighbouring" in notes[1]
    assert notes[2] == "The best of 9 epochs by CorLoc on 3 validation shots: 0.5."


def test_measure_map_is_the_mean_above_the_threshold():
    assert measure_map(np.zeros((3, 4)), 0.5) == 0
    assert measure_map(np.ones((1, 1)), 0.5) == 1
    # Of 255 levels: 127 > int(.4 * 255) = 102, 51 is not.
    assert measure_map(np.array([[1.0, 0.5, 0.2]]), 0.4) == pytest.approx(0.75)


def test_spread_shots_keeps_all_frames_of_short_shots():
    shots = spread_shots([make_shot("a", 1, 2), make_shot("b", 1, 9)], 3)
    assert [len(shot.frames) for shot in shots] == [2, 3]
