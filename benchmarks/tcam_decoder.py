"""Times the decoder of the video system: a frame's box, and a training step with the CRF loss."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from benchmarks.timing import time_in_turn
from config.loader import load_params
from config.schema import TemporalCamParams
from datasets.records import ShotRecord
from datasets.scene_folder import write_picture
from datasets.shot_pictures import ShotPictures
from datasets.synthetic_shots import moving_shots
from finetuning.temporal_cam.model import build_models
from finetuning.temporal_cam.samples import make_training_batches
from models.cam_classifier import build_cam_classifier
from models.cam_decoder import build_cam_decoder
from models.map_locator import build_map_locator

SIZE = 224
FRAME = (360, 640)  # height and width of the frames that the locator is given
QUARTER = (64, 32, 16, 8, 4)
NETWORKS = {"resnet50": None, "mobilenet_v2": QUARTER}  # encoder -> channels of the decoder
WARM_UP = 5  # steps before the timed ones at least
_NAMES = ("a", "b", "c")


def make_runs(encoder: str, batch_size: int) -> dict:
    """Make the functions that are timed of one encoder, random weights.

    Args:
        encoder: one of `NETWORKS`.
        batch_size: frames per call.

    Returns:
        name -> function without arguments: `classifier`, its scores; `decoder`, scores and map;
        `locator`, from uint8 frames to boxes.

    Example:
        >>> # see `main` of `benchmarks.tcam`
    """
    keras.utils.set_random_seed(0)
    options = {"num_classes": len(_NAMES), "image_size": SIZE}
    classifier = build_cam_classifier(encoder, **options)
    decoder = build_cam_decoder(classifier, channels=NETWORKS[encoder])
    locator = build_map_locator(decoder, _NAMES)
    images = tf.random.stateless_uniform((batch_size, SIZE, SIZE, 3), [0, 0])
    frames = tf.cast(255 * tf.random.stateless_uniform((batch_size, *FRAME, 3), [0, 1]), tf.uint8)
    scores = keras.Model(classifier.input, classifier.output["scores"])
    return {
        "classifier": tf.function(lambda: scores(images, training=False)),
        "decoder": tf.function(lambda: decoder(images, training=False)["map_logits"]),
        "locator": tf.function(lambda: locator(frames, training=False)["boxes"]),
    }


def print_inference(rounds: int, batch_size: int) -> None:
    """Print what a frame costs, and how much that is of the classifier's own pass.

    Args:
        rounds: timed calls of each function, in turn.
        batch_size: frames per call.

    Example:
        >>> # see `main` of `benchmarks.tcam`
    """
    print(f"A frame at {SIZE} x {SIZE}, {batch_size} a call; ms, medians of {rounds} rounds")
    print(f"{'encoder':13} classifier  decoder  locator  frames/s  locator/classifier")
    for encoder in NETWORKS:
        times = time_in_turn(make_runs(encoder, batch_size), rounds)
        cells = [1000 * times[name] / batch_size for name in ("classifier", "decoder", "locator")]
        form = "{:13} {:10.1f} {:8.1f} {:8.1f} {:9.1f} {:19.2f}"
        print(form.format(encoder, *cells, 1000 / cells[2], cells[2] / cells[0]), flush=True)


def time_training(params: TemporalCamParams, folder: Path, num_steps: int) -> dict[str, float]:
    """Time the steps of a training and, alone, the pipeline that feeds them.

    Args:
        params: resolved parameters.
        folder: gets the frames of a few drawn shots.
        num_steps: timed steps; as many again come before, `WARM_UP` at least: lattices of another
            size than before have a step traced anew, once or twice.

    Returns:
        Seconds a step: `step`, of the training as it runs, and `pipeline`, of the batches alone.

    Example:
        >>> # see `main` of `benchmarks.tcam`
    """
    shots = _write_shots(folder)
    pictures = ShotPictures(shots, SIZE, frames_per_shot=64, max_pixels=10**7, cache="memory")
    cams = np.random.default_rng(0).random((len(shots[0].frames), 28, 28)).astype(np.float32)

    def make():
        order = {"steps_per_epoch": num_steps + max(WARM_UP, num_steps), "seed": 0}
        return iter(make_training_batches(pictures, lambda shot: cams, params, **order))

    keras.utils.set_random_seed(0)
    options = {"num_classes": len(_NAMES), "image_size": SIZE}
    classifier = build_cam_classifier("mobilenet_v2", **options)
    _, trainer = build_models(params, classifier, _NAMES, updates_per_epoch=1)
    steps = make()
    times = {"step": _time_steps(lambda: trainer.train_on_batch(*next(steps)), num_steps)}
    batches = make()
    return {**times, "pipeline": _time_steps(lambda: next(batches), num_steps)}


def print_training(num_steps: int, batch_size: int) -> None:
    """Print the time of a step without and with the CRF loss.

    Args:
        num_steps: timed steps.
        batch_size: frames per step.

    Example:
        >>> # see `main` of `benchmarks.tcam`
    """
    params = load_params(Path("config/pretrained"), "finetuning/temporal_cam")
    params = replace(params, batch_size=batch_size, epochs=1, channels=QUARTER)
    print(f"A step of {batch_size} frames, MobileNetV2 and a decoder of a quarter; ms")
    print(f"{'CRF loss':12}    step  pipeline alone")
    cases = {"none": (0.0, 1.0), "scale 0.5": (params.crf_weight, 0.5)}
    cases["scale 1"] = (params.crf_weight, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        for name, (weight, scale) in cases.items():
            case = replace(params, crf_weight=weight, crf_scale=scale)
            times = time_training(case, Path(folder), num_steps)
            cells = [1000 * times[each] for each in ("step", "pipeline")]
            print("{:12} {:7.0f} {:15.0f}".format(name, *cells), flush=True)


def _write_shots(folder: Path) -> list[ShotRecord]:
    records = []
    for number, shot in enumerate(moving_shots(3, num_frames=4, image_size=(256, 256))):
        frames = tuple(folder / f"{number}_{i}.jpg" for i in range(4))
        for path, frame in zip(frames, shot.frames, strict=True):
            write_picture(path, frame)
        records.append(ShotRecord(str(number), frames, shot.tag, _NAMES))
    return records


def _time_steps(run, num_steps: int) -> float:
    """Return the mean seconds of a call, after as many and no fewer than `WARM_UP` before."""
    for _ in range(max(WARM_UP, num_steps)):
        run()
    started = time.perf_counter()
    for _ in range(num_steps):
        run()
    return (time.perf_counter() - started) / num_steps
