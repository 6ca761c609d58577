"""The toy of moving objects: a decoder learns whole objects from maps that light parts of them."""

import argparse
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from config.loader import load_params
from datasets.cam_store import CamStore
from datasets.images import read_image
from datasets.records import ShotRecord
from datasets.scene_folder import write_picture
from datasets.shots import ShotSplits
from datasets.synthetic_shots import moving_shots, simulated_cams
from finetuning.temporal_cam.fitting import DECODER_FILE, fit_decoder, keep_threshold
from finetuning.temporal_cam.prediction import make_shot_decoder
from models.cam_classifier import HEAD_LAYER
from models.locator import find_localizer
from models.poolings import WeightedAveragePooling
from ops.temporal_cams import temporal_max
from reporting.model_files import load_keras_model
from training.shot_scores import ShotScores
from training.video_classifier.frame_runs import ShotCamSettings, make_shot_drawer

SIZE, FRAMES, TRAINING, TEST = 64, 6, 96, 24
NAMES = ("disc", "square", "triangle")


def write_shots(folder, num, first):
    drawn = moving_shots(num, num_frames=FRAMES, image_size=(SIZE, SIZE), first=first)
    records, cams = [], {}
    for i, shot in enumerate(drawn, start=first):
        name = f"{i:03d}"
        (folder / name).mkdir()
        frames = tuple(folder / name / f"{t}.jpg" for t in range(FRAMES))
        for path, frame in zip(frames, shot.frames, strict=True):
            write_picture(path, frame)
        boxes = tuple(each[np.newaxis] for each in shot.boxes)
        records.append(ShotRecord(name, frames, shot.tag, NAMES, boxes))
        cams[name] = simulated_cams(shot, index=i)
    return records, cams


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    training, cams = write_shots(folder, TRAINING, 0)
    test, test_cams = write_shots(folder, TEST, TRAINING)
    return folder, training, test, {**cams, **test_cams}


def score(shots, find_maps):
    scores = ShotScores(shots, SIZE, max_pixels=10**6, every_contour=False)
    for place, shot in enumerate(shots):
        for number, score_map in enumerate(find_maps(shot)):
            scores.update(place, number, score_map)
    return 100 * scores.result()["corloc_micro"]


def join(cams, n):
    mode = "before" if n else "instant"
    return [temporal_max(cams, t, n=n, mode=mode) for t in range(len(cams))]


def test_one_neighbour_is_better_than_none_and_than_many(toy):
    _, training, test, cams = toy
    shots = [*training, *test]
    single, one, many = (score(shots, lambda s, n=n: join(cams[s.name], n)) for n in (0, 1, 5))
    assert one > single and one > many


def build_classifier():
    """Return a small one that has the maps which a decoder on MobileNetV2 joins."""
    x = image = keras.Input((SIZE, SIZE, 3))
    for number, stride, width in ((1, 2, 12), (3, 2, 16), (6, 2, 24), (13, 1, 24)):
        options = {"strides": stride, "padding": "same", "use_bias": False}
        x = keras.layers.Conv2D(width, 3, **options)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU(name=f"block_{number}_expand_relu")(x)
    x = keras.layers.Conv2D(24, 3, padding="same", activation="relu", name="out_relu")(x)
    found = WeightedAveragePooling(len(NAMES), name=HEAD_LAYER)(x)
    return keras.Model(image, {**found, "features": x})


def train_classifier(shots):
    keras.utils.set_random_seed(0)
    classifier = build_classifier()
    images = np.stack([read_image(path) for shot in shots for path in shot.frames])
    tags = np.repeat([shot.tag - 1 for shot in shots], FRAMES)
    trained = keras.Model(classifier.input, classifier.output["scores"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trained.compile(keras.optimizers.Adam(0.003), loss)
    trained.fit(images / 255, tags, epochs=10, batch_size=32, verbose=0)
    return classifier


def train_decoder(run, classifier, shots, test, cams, **changes):
    """Train a decoder on maps of shots; return its function from a shot to maps."""
    run.mkdir()
    store = CamStore(run / "cams", {})
    for shot in shots:
        store.write(shot.name, cams[shot.name], [shot.tag] * FRAMES)
    params = load_params(Path("config"), "finetuning/temporal_cam")
    params = replace(
        params,
        batch_size=8,
        frames_per_shot=2,
        optimizer="adam",
        momentum=None,
        learning_rate=0.003,
        resize_size=None,
        channels=(16, 16, 16, 16, 16),
        crf_normalised=True,
        crf_position=30.0,
        crf_scale=0.5,
        schedule="constant",
        **changes,
    )
    args = argparse.Namespace(seed=0, cache="memory", patience=30, experiment_dir=str(run.parent))
    splits = ShotSplits(shots, [], test, NAMES)
    fitted = fit_decoder(args, params, classifier, splits, run=run, store=store)
    assert fitted["monitor"] is None and fitted["num_epochs"] == changes["epochs"]
    assert 0 < keep_threshold(run, splits, params) < 1
    decoder = find_localizer(load_keras_model(run / DECODER_FILE))
    return make_shot_decoder(decoder, batch_size=24, max_pixels=10**6)


@pytest.mark.slow
def test_a_decoder_learns_the_whole_object(toy):
    folder, training, test, cams = toy
    learnt = train_classifier(training), training, test, cams
    decode = train_decoder(folder / "run", *learnt, epochs=15, crf_weight=5.0)
    reached, raw = score(test, lambda s: decode(s)[0]), score(test, lambda s: cams[s.name])
    assert reached >= 90 and reached >= raw + 15


@pytest.mark.slow
def test_a_decoder_is_no_worse_than_the_layer_cams_that_it_learns_from(toy):
    folder, training, test, _ = toy
    training = training[:48]
    classifier = train_classifier(training)
    settings = ShotCamSettings(image_size=SIZE, method="layer_cam")
    draw = make_shot_drawer(classifier, settings, batch_size=24, max_pixels=10**6)
    learnt = training, test, {shot.name: draw(shot) for shot in training}
    # Seeds as the demo draws them on such shots: of LayerCAM's broad maps the published shares,
    # .6 of the region and .1 of the rest, leave the decoder 11 points below the maps.
    demo = load_params(Path("config/demo"), "finetuning/temporal_cam")
    shares = ("foreground_fraction", "background_fraction", "crf_weight")
    changes = {name: getattr(demo, name) for name in shares}
    decode = train_decoder(folder / "real", classifier, *learnt, epochs=10, **changes)
    assert score(test, lambda s: decode(s)[0]) >= score(test, draw) - 5
