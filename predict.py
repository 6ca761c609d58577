"""Counts, finds or segments objects: `python predict.py --model M --input X --output DIR`."""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import fields
from pathlib import Path

from tqdm import tqdm

from config.cam_names import CAM_METHOD_NAMES
from config.commands import EXIT_ERROR
from config.errors import InputError
from config.files import output_folder
from datasets.images import MAX_PIXELS
from datasets.video_files import VIDEO_SUFFIXES
from reporting.blob_options import BlobOptions
from reporting.classifiers import PIXEL_RANGES, CamOptions, load_cam_predictor
from reporting.count_settings import CountSettings
from reporting.count_videos import count_video
from reporting.mask_settings import MaskSettings
from reporting.point_settings import PointSettings
from reporting.prediction import find_images, predict_images
from reporting.prediction_boxes import predict_boxes
from reporting.prediction_cams import TagPredictor, predict_cams
from reporting.prediction_counts import predict_counts
from reporting.prediction_masks import predict_masks, predict_saliency
from reporting.prediction_videos import VideoOptions, predict_video
from reporting.prediction_writers import WRITERS, draw_prediction
from reporting.predictors import load_predictor
from reporting.tag_settings import TagSettings
from reporting.tiling import predict_blobs
from reporting.videos import require_other_folder
from training.command_line import run_command

logger = logging.getLogger("predict")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this script.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "m", "--input", "x"]).output
        'predictions'
    """
    parser = argparse.ArgumentParser(prog="predict.py", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--model", required=True, help="run folder, .keras file or SavedModel folder"
    )
    parser.add_argument(
        "--input",
        required=True,
        help="a picture, a folder (its own pictures, not those of folders inside) or a glob in "
        "quotes; for models that count or find a box also a video, AVI or MP4",
    )
    parser.add_argument(
        "--output",
        default="predictions",
        help="folder for predictions.csv, predictions.json and pictures/; of a model that finds "
        "objects also points.csv, points.coco.json and blobs/, of one that finds a box also "
        "boxes.coco.json and voc/, of a segmenter also masks/, areas.csv and masks.coco.json, of a "
        "saliency network also saliency/, of a video classifier or with --cam also cams/; of a "
        "video an annotated MP4 and a CSV with a row per frame, of one that is counted also a plot",
    )
    parser.add_argument(
        "--batch_size",
        type=int,
        default=1,
        help="most pictures, or tiles of a picture, per call; only neighbours of one size share it",
    )
    parser.add_argument(
        "--max_pixels",
        type=int,
        default=MAX_PIXELS,
        help="larger pictures are refused; of tiled and striped TIFFs, for a model that finds "
        "objects, each tile, strip and window is bounded instead",
    )
    parser.add_argument("--no_pictures", action="store_true", help="write no annotated pictures")
    _add_mask_arguments(parser)
    _add_blob_arguments(parser)
    _add_cam_arguments(parser)
    _add_video_arguments(parser)
    return parser


def _add_mask_arguments(parser):
    parser.add_argument(
        "--crf",
        action="store_true",
        help="segmenters: let a dense CRF move the labels to the picture's edges",
    )


def _add_blob_arguments(parser):
    group = parser.add_argument_group("models that find objects (points.keras)")
    group.add_argument(
        "--threshold", type=float, help="an object's pixels have a larger probability"
    )
    group.add_argument(
        "--levels",
        type=int,
        help="thresholds from there to 1 over which objects that touch come apart; 1 for one",
    )
    group.add_argument("--min_area", type=int, help="smaller objects are dropped, pixels")
    group.add_argument("--tile", type=int, help="longest side of what is predicted at once, pixels")
    group.add_argument("--overlap", type=int, help="pixels that tiles show around their own part")


def _add_cam_arguments(parser):
    group = parser.add_argument_group("class activation maps, of any Keras classifier (.keras)")
    group.add_argument("--cam", choices=CAM_METHOD_NAMES, help="draw where a class is seen")
    group.add_argument(
        "--cam_layer", help="whose maps are taken; default: what the classifier stands on"
    )
    group.add_argument(
        "--cam_class", help="its name, or its column from 0; default: the likeliest in each picture"
    )
    group.add_argument(
        "--cam_pixels",
        choices=PIXEL_RANGES,
        help="what the model takes a pixel as, where it does not tell itself: [0, 1], [0, 255], "
        "[-1, 1], or blue, green, red less ImageNet's mean",
    )
    group.add_argument(
        "--cam_size", type=int, help="longer side at which a model of any size looks, pixels"
    )


def _add_video_arguments(parser):
    group = parser.add_argument_group("videos")
    group.add_argument(
        "--track_radius", type=int, help="smooth boxes over so many frames on either side"
    )
    group.add_argument(
        "--absent_below", type=float, help="score below which the object is not in a frame"
    )
    group.add_argument("--stride", type=int, help="count every so many frames one; default 1")


def main(args: argparse.Namespace) -> int:
    """Predict all pictures and write what was found.

    Args:
        args: see `build_parser`.

    Returns:
        0, or 1 when some picture failed; its row says why.

    Raises:
        InputError: model, input or output cannot be used, or every picture failed; then no
            prediction is written.

    Example:
        >>> # python predict.py --model RUN --input "photos/*.jpg" --output counted
    """
    if args.batch_size < 1 or args.max_pixels < 1:
        raise InputError("`--batch_size` and `--max_pixels` must be at least 1.")
    if Path(args.input).suffix.lower() in VIDEO_SUFFIXES:
        return _predict_video(args)
    _refuse(args, ("track_radius", "absent_below", "stride"), "videos", args.input)
    images = find_images(args.input)
    with output_folder(args.output) as output:
        predictions = _predict(args, images, output)
        num_failed = sum(bool(prediction.error) for prediction in predictions)
        if num_failed == len(images):
            raise InputError(
                f"`--input` must hold a picture that can be predicted. All {num_failed} failed; "
                f"the first: {predictions[0].error}"
            )
        for name, write in WRITERS.items():
            write(predictions, output / name)
    print(f"{len(images) - num_failed} of {len(images)} pictures predicted: {args.output}")
    return EXIT_ERROR if num_failed else 0


def _predict_video(args):
    names = [field.name for field in fields(BlobOptions)]
    names += ["cam", "cam_layer", "cam_class", "cam_pixels", "cam_size"]
    _refuse(args, names, "pictures", args.input)
    _refuse_crf(args, args.input)
    video, output = Path(args.input), Path(args.output)
    require_other_folder(video, output)
    predictor = load_predictor(args.model)
    predict = _count_video if "count" in predictor.outputs else _follow_in_video
    bounds = {"max_pixels": args.max_pixels, "batch_size": args.batch_size}
    with output_folder(output):
        results, label = predict(args, predictor, video, output, bounds)
    frames = "frame" if len(results) == 1 else "frames"
    print(f"{len(results)} {frames}{label} predicted: {args.output}")
    return 0


def _follow_in_video(args, predictor, video, output, bounds):
    _refuse(args, ("stride",), "models that count", args.model)
    options = VideoOptions(args.track_radius or 0, args.absent_below, not args.no_pictures)
    results = predict_video(predictor, video, output, options=options, **bounds)
    return results, f" of {results[0].label}"


def _count_video(args, predictor, video, output, bounds):
    _refuse(args, ("track_radius", "absent_below"), "models that find a box", args.model)
    options = {"draw": not args.no_pictures, "stride": 1 if args.stride is None else args.stride}
    return count_video(predictor, video, output, **options, **bounds), ""


def _refuse(args, names, kind, received):
    if given := [f"`--{name}`" for name in names if getattr(args, name) is not None]:
        raise InputError(f"{', '.join(given)}: only for {kind}. Received {received}; leave it out.")


def _predict(args, images, output):
    steps = _choose_steps(args, images, output)
    predictions = []
    for prediction, picture in tqdm(
        steps, total=len(images), unit=" pictures", delay=2, disable=None
    ):
        predictions.append(prediction)
        if prediction.error and len(images) > 1:
            logger.error("%s: %s", prediction.image, prediction.error)
        elif picture is not None and not args.no_pictures:
            draw_prediction(prediction, picture, output / "pictures")
    return predictions


def _choose_steps(args, images, output):
    """Return what predicts the pictures; the model's outputs tell what it can."""
    given = {field.name: getattr(args, field.name) for field in fields(BlobOptions)}
    bounds = {"max_pixels": args.max_pixels, "batch_size": args.batch_size}
    if args.cam is not None:
        _refuse_blob_options(given, f"--cam {args.cam}, which shows where a class is seen")
        options = _read_cam_options(args)
        _refuse_crf(args, f"--cam {args.cam}")
        return predict_cams(
            load_cam_predictor(args.model, options), images, output / "cams", **bounds
        )
    _read_cam_options(args)
    predictor = load_predictor(args.model)
    if not isinstance(predictor.settings, MaskSettings):
        _refuse_crf(args, f"{args.model}, which returns {', '.join(predictor.outputs)}")
    if isinstance(predictor.settings, PointSettings):
        return predict_blobs(
            predictor,
            images,
            output / "blobs",
            options=BlobOptions(**given).complete(predictor.settings),
            track=_track_tiles,
            **bounds,
        )
    _refuse_blob_options(given, f"{args.model}, which returns {', '.join(predictor.outputs)}")
    if isinstance(predictor.settings, MaskSettings):
        return predict_masks(predictor, images, output / "masks", crf=args.crf, **bounds)
    if isinstance(predictor.settings, TagSettings):
        return predict_cams(TagPredictor(predictor), images, output / "cams", **bounds)
    if isinstance(predictor.settings, CountSettings):
        return predict_counts(predictor, images, **bounds)
    if "saliency" in predictor.outputs:
        return predict_saliency(predictor, images, output / "saliency", **bounds)
    predict = predict_images if predictor.settings is None else predict_boxes
    return predict(predictor, images, **bounds)


def _refuse_blob_options(given, received):
    if names := [f"`--{name}`" for name, value in given.items() if value is not None]:
        raise InputError(
            f"{', '.join(names)}: only models that find objects take it. Received {received}; "
            "leave it out."
        )


def _refuse_crf(args, received):
    if args.crf:
        raise InputError(f"`--crf`: only segmenters take it. Received {received}; leave it out.")


def _read_cam_options(args):
    """Return how maps are drawn; None without `--cam`, which its options need."""
    names = ("layer", "class", "pixels", "size")
    layer, class_name, pixels, size = (getattr(args, f"cam_{name}") for name in names)
    if size is not None and size < 1:
        raise InputError(f"`--cam_size` must be at least 1 pixel. Received {size}.")
    if args.cam is not None:
        return CamOptions(args.cam, layer, class_name, pixels, size)
    if listed := [f"`--cam_{name}`" for name in names if getattr(args, f"cam_{name}") is not None]:
        raise InputError(f"{', '.join(listed)}: only with `--cam METHOD`.")
    return None


def _track_tiles(steps, total, name):
    return tqdm(steps, total=total, desc=name, unit=" tiles", delay=2, leave=False, disable=None)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
