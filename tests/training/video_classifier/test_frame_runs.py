from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from datasets.records import ShotRecord
from training.shot_scores import ShotScores
from training.video_classifier.frame_runs import (
    ShotCamSettings,
    make_shot_drawer,
    make_shot_scorer,
    spread_evenly,
    spread_frames,
)

BOUNDS = {"batch_size": 2, "max_pixels": 10_000}
SETTINGS = ShotCamSettings(image_size=32, method="grad_cam")


def test_make_shot_drawer_draws_the_shots_own_tag(classifier, shots):
    draw = make_shot_drawer(classifier, SETTINGS, **BOUNDS)
    counted = ShotScores(shots, 32, max_pixels=10_000)
    for place, shot in enumerate(shots):
        maps = draw(shot)
        assert maps.shape == (3, 8, 8) and maps.dtype == np.float32
        for number, cam in enumerate(maps):
            counted.update(place, number, cam)
    result = counted.result()
    assert result["corloc_micro"] == 1 and result["num_frames"] == 4


def test_make_shot_drawer_follows_the_weights_and_draws_other_tags_flat(classifier, shots):
    draw = make_shot_drawer(classifier, SETTINGS, **BOUNDS)
    before = draw(shots[0])
    wrong = ShotRecord("x", shots[0].frames, 2, shots[0].class_names)
    assert not draw(wrong).any()  # there is no red, and less than none is left out
    classifier.layers[-1].set_weights([np.array([[1, 0], [0, 0], [0, 1]])])
    assert before.any() and not draw(shots[0]).any()


def test_make_shot_scorer_scores_every_frame(classifier, shots):
    scores = make_shot_scorer(classifier, 32, **BOUNDS)(shots[1])
    assert scores.shape == (3, 2) and (scores.argmax(axis=1) == 1).all()


@pytest.mark.parametrize("make", [make_shot_drawer, make_shot_scorer])
def test_a_broken_classifier_is_told_by_the_frame(shots, make):
    image = keras.Input((32, 32, 3))
    features = keras.layers.Rescaling(np.nan, name="broken")(image)
    mean = keras.layers.GlobalAveragePooling2D()(features)
    model = keras.Model(image, {"scores": keras.layers.Dense(2)(mean)})
    setting = SETTINGS if make is make_shot_drawer else 32
    with pytest.raises(InputError, match=r"blue/0/0\.png: the classifier's answer is not finite"):
        make(model, setting, **BOUNDS)(shots[0])


def test_spread_frames_prefers_annotated_ones(shots):
    assert [frame.stem for frame in spread_frames(shots[0], 5).frames] == ["0", "1"]
    plain = ShotRecord("1", tuple(Path(f"{n}.jpg") for n in range(4)), 1, ("cat",))
    assert [frame.stem for frame in spread_frames(plain, 1).frames] == ["2"]


@pytest.mark.parametrize(
    ("num", "most", "expected"),
    [(1, 3, [0]), (3, 3, [0, 1, 2]), (4, 2, [1, 3]), (10, 4, [1, 3, 6, 8]), (0, 2, [])],
)
def test_spread_evenly_takes_the_middle_of_each_part(num, most, expected):
    assert spread_evenly(range(num), most) == expected
