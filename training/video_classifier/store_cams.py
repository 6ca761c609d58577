"""Keep the maps of a classifier: `python -m training.video_classifier.store_cams --model RUN`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.cam_names import CAM_METHOD_NAMES
from config.schema import VideoClassifierParams
from training.command_line import run_command
from training.rescoring import hold_run, load_held_params
from training.video_classifier.cam_stage import CAMS, read_cam_settings, write_shot_cams
from training.video_classifier.pictures import read_videos


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'training'
    """
    parser = argparse.ArgumentParser(
        prog="training.video_classifier.store_cams", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--model", required=True, help="folder of a video classifier run")
    parser.add_argument(
        "--split",
        choices=("training", "all"),
        default="training",
        help="shots whose maps are kept",
    )
    parser.add_argument(
        "--method", choices=CAM_METHOD_NAMES, help="of the maps; default: that of the run"
    )
    parser.add_argument(
        "--salient", action="store_true", help="multiply the maps by what stands out"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Draw the maps of every frame into `cams/` of the run, as far as they are not there.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.video_classifier.store_cams --model RUN
    """
    run = Path(args.model)
    with hold_run(run) as stored:
        params = load_held_params(stored, run, VideoClassifierParams, "video classifier")
        splits = read_videos(stored, params)
        shots = list(splits.training)
        if args.split == "all":
            held_out = [*splits.validation, *splits.test]
            shots = sorted({shot.name: shot for shot in [*shots, *held_out]}.values())
        write_shot_cams(
            run,
            shots,
            run / CAMS,
            settings=read_cam_settings(run, method=args.method, salient=args.salient),
            batch_size=params.batch_size,
            max_pixels=params.max_pixels,
        )
    num_frames = sum(len(shot.frames) for shot in shots)
    print(f"maps of {num_frames} frames of {len(shots)} shots: {run / CAMS}")


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser(), resumable=True))
