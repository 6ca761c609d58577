"""Predicts label maps and saliency maps, and writes areas as a table and in COCO's format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import atomic_table
from datasets.label_pngs import write_label_png
from ops.run_lengths import compress_runs, count_runs
from ops.sharpening import sharpen_probabilities
from reporting.mask_figures import draw_picture, overlay_labels, overlay_saliency
from reporting.prediction import Masks, Prediction, predict_images
from reporting.prediction_coco import write_coco
from reporting.predictors import Predictor

BACKGROUND = "background"


def predict_masks(
    predictor: Predictor,
    images: Sequence[tuple[str, Path]],
    folder: Path,
    *,
    max_pixels: int,
    batch_size: int = 1,
    crf: bool = False,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Segment each picture and write its label map; a bad picture gives an error, the rest go on.

    The maps are written at once and not kept: `<folder>/<image>.png` with PASCAL VOC's palette.
    The outputs of a prediction are `areas`, pixels of each label, and `shares`, of the picture.

    Args:
        predictor: of a model with `label_map`.
        images: (name, path) of each picture.
        folder: where label maps go, in the folders of their pictures' names.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.
        crf: let a dense CRF move the labels to the picture's edges, with DeepLab's parameters.

    Yields:
        (prediction with `masks`, (H, W, 3) uint8 picture coloured by its labels, or None), in
        order.

    Raises:
        InputError: `crf`, and the model gives no probabilities.
        OSError: a label map cannot be written.

    Example:
        >>> from reporting.mask_settings import MaskSettings
        >>> predictor = Predictor(None, {"label_map": (None, None, None)}, MaskSettings())
        >>> images = [("a", Path("absent.jpg"))]
        >>> next(predict_masks(predictor, images, Path("masks"), max_pixels=100))[0].error
        '`absent.jpg` must be a picture file. There is no such file.'
    """
    class_names = predictor.settings.class_names
    if crf and "probabilities" not in predictor.outputs:
        raise InputError(
            "`--crf` needs a segmenter that gives `probabilities`. This one gives "
            f"{', '.join(predictor.outputs)}; leave it out."
        )
    predict = predictor.select("probabilities" if crf else "label_map")
    for prediction, picture in predict_images(
        predict, images, max_pixels=max_pixels, batch_size=batch_size
    ):
        if not prediction.error:
            if crf:
                labels = sharpen_probabilities(picture, prediction.outputs["probabilities"])
            else:
                labels = prediction.outputs["label_map"]
            write_label_png(labels, Path(folder) / f"{prediction.image}.png")
            prediction = _describe(prediction, labels, class_names)
            picture = overlay_labels(picture, labels)
        yield prediction, picture


def predict_saliency(
    predictor: Predictor,
    images: Sequence[tuple[str, Path]],
    folder: Path,
    *,
    max_pixels: int,
    batch_size: int = 1,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Compute each picture's saliency and write it; a bad picture gives an error, the rest go on.

    The maps are written at once and not kept: `<folder>/<image>.png`, grey, 255 for 1. The outputs
    of a prediction are `peak`, the map's maximum, and `salient_share`, how much of the picture
    reaches half of it. A low peak tells of a picture without an object.

    Args:
        predictor: of a model with `saliency`.
        images: (name, path) of each picture.
        folder: where the maps go, in the folders of their pictures' names.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction, (H, W, 3) uint8 picture tinted by its saliency, or None), in order.

    Raises:
        OSError: a map cannot be written.

    Example:
        >>> predictor = Predictor(None, {"saliency": (None, None, None)})
        >>> images = [("a", Path("absent.jpg"))]
        >>> next(predict_saliency(predictor, images, Path("maps"), max_pixels=100))[0].error
        '`absent.jpg` must be a picture file. There is no such file.'
    """
    predict = predictor.select("saliency")
    for prediction, picture in predict_images(
        predict, images, max_pixels=max_pixels, batch_size=batch_size
    ):
        if not prediction.error:
            saliency = prediction.outputs["saliency"]
            grey = np.rint(255 * saliency).astype(np.uint8)
            draw_picture(grey, Path(folder) / f"{prediction.image}.png")
            peak = saliency.max()
            salient = (saliency > 0) & (saliency >= 0.5 * peak)
            shown = {"peak": peak, "salient_share": np.float32(salient.mean())}
            prediction = replace(prediction, outputs=shown)
            picture = overlay_saliency(picture, saliency)
        yield prediction, picture


def write_areas_csv(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write a row per picture and class, the background among them: its pixels and its share.

    Args:
        predictions: in the order of the rows; those with an error are left out.
        path: file to write.

    Returns:
        `path`; None, and no file, when no prediction has masks to tell of.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> write_areas_csv([Prediction("a.jpg", {"count": 2})], Path("areas.csv")) is None
        True
    """
    found = [prediction for prediction in predictions if prediction.masks is not None]
    if not found:
        return None
    with atomic_table(path) as table:
        table.writerow(["image", "class_id", "class", "pixels", "share"])
        for prediction in found:
            areas, names = prediction.masks.areas, (BACKGROUND, *prediction.masks.class_names)
            for number, (name, area) in enumerate(zip(names, areas, strict=True)):
                share = f"{area / max(1, areas.sum()):.6g}"
                table.writerow([prediction.image, number, name, area, share])
    return Path(path)


def write_masks_coco(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write the masks in COCO's format, an annotation per picture and class.

    `segmentation` is {"size": [height, width], "counts": text}, compressed run lengths; `bbox` is
    x, y, width, height around the mask. Image ids count from 1; pictures with an error are left
    out.

    Args:
        predictions: in the order of the images.
        path: file to write.

    Returns:
        `path`; None, and no file, when no prediction has masks to tell of.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> write_masks_coco([Prediction("a.jpg", {"count": 2})], Path("a.json")) is None
        True

    References:
        COCO, "Data format", cocodataset.org.
    """
    found = [prediction for prediction in predictions if prediction.masks is not None]
    if not found:
        return None
    pictures = [(prediction.image, prediction.masks.size) for prediction in found]
    names = max((prediction.masks.class_names for prediction in found), key=len)
    return write_coco(pictures, [{"name": name} for name in names], _to_annotations(found), path)


def _describe(prediction: Prediction, labels: np.ndarray, class_names: tuple[str, ...]):
    """Return the prediction with its areas in the place of its map."""
    counts = np.bincount(labels.ravel(), minlength=256)
    counts[255:] = 0  # ignored
    largest = int(np.flatnonzero(counts).max(initial=0))
    names = (*class_names, *(str(c) for c in range(len(class_names) + 1, largest + 1)))
    areas = counts[: len(names) + 1]
    runs, boxes = {}, {}
    for number in np.flatnonzero(areas[1:]) + 1:
        mask = labels == number
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        runs[int(number)] = compress_runs(count_runs(mask))
        box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        boxes[int(number)] = tuple(map(int, box))
    shares = (areas / max(1, areas.sum())).astype(np.float32)
    masks = Masks(tuple(labels.shape), areas, names, runs, boxes)
    named = dict.fromkeys(("areas", "shares"), (BACKGROUND, *names))
    outputs = {"areas": areas, "shares": shares}
    return replace(prediction, outputs=outputs, names=named, masks=masks)


def _to_annotations(found: Sequence[Prediction]) -> Iterator[dict]:
    for image_id, prediction in enumerate(found, 1):
        size, areas, _, runs, boxes = prediction.masks
        for number, counts in runs.items():
            x0, y0, x1, y1 = boxes[number]
            yield {
                "image_id": image_id,
                "category_id": number,
                "segmentation": {"size": list(size), "counts": counts},
                "area": int(areas[number]),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "iscrowd": 0,
            }
