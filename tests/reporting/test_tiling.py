import logging

import numpy as np
import pytest
import tensorflow as tf
import tifffile
from PIL import Image

from config.errors import InputError
from datasets.images import read_image
from ops.blobs import blob_points
from ops.class_blobs import label_class_blobs
from reporting.blob_options import BlobOptions
from reporting.point_settings import PointSettings
from reporting.predictors import Predictor, load_predictor
from reporting.tiling import predict_blobs


def colour_predictor(num_classes=1, calls=None, **settings):
    """Probability of class c: channel c of the picture / (100 + the sum of these channels)."""
    settings = PointSettings(**settings)

    def call(images):
        if calls is not None:
            tf.numpy_function(lambda x: calls.append(x.shape), [images], [])
        for axis in (1, 2):
            images = enlarge(images, axis, settings.scale)
        images = tf.cast(images[..., :num_classes], tf.float32)
        total = tf.reduce_sum(images, axis=-1, keepdims=True) + 100
        return {"probabilities": images / total, "points": images}

    outputs = {"probabilities": (None, None, None, num_classes), "points": (None,)}
    return Predictor(call, outputs, settings)


def enlarge(images, axis, scale):
    """Repeat pixels: place (i + 1/2) / scale in whole numbers, so that tiles agree exactly."""
    side = tf.shape(images)[axis]
    num = tf.cast(tf.round(tf.cast(side, tf.float64) * scale), tf.int32)
    places = (2 * tf.range(num) + 1) // int(2 * scale)
    return tf.gather(images, tf.minimum(places, side - 1), axis=axis)


def smooth_noise(*size, seed=0):
    """Blotches of some ten pixels, in three channels."""
    coarse = np.random.default_rng(seed).integers(0, 256, (size[0] // 6 + 2, size[1] // 6 + 2, 3))
    large = Image.fromarray(coarse.astype(np.uint8)).resize((size[1], size[0]), Image.BICUBIC)
    return np.asarray(large)


def save(path, pixels):
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, tile=(32, 32), photometric="rgb")
    else:
        Image.fromarray(pixels).save(path)
    return path


def run(predictor, path, folder, *, max_pixels=10**6, batch_size=1, **options):
    [step] = predict_blobs(
        predictor,
        [(path.name, path)],
        folder,
        max_pixels=max_pixels,
        batch_size=batch_size,
        options=BlobOptions(**options),
    )
    return step


def read_map(folder, name):
    [path] = folder.glob(f"{name}.*")
    return tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))


@pytest.mark.parametrize("size", [(97, 130), (64, 64), (1, 200), (150, 1), (1, 1)])
@pytest.mark.parametrize(
    "num_classes, threshold, levels", [(1, 0.62, 1), (3, 0.35, 1), (1, 0.5, 9), (3, 0.2, 6)]
)
def test_predict_blobs_in_tiles_equals_the_whole_map(
    tmp_path, size, num_classes, threshold, levels
):
    pixels = smooth_noise(*size)
    path = save(tmp_path / "a.png", pixels)
    predictor = colour_predictor(num_classes)
    options = {"threshold": threshold, "levels": levels, "min_area": 5}
    whole, _ = run(predictor, path, tmp_path / "whole", **options)
    tiled, _ = run(predictor, path, tmp_path / "tiled", **options, tile=48, overlap=8)
    for field, mine in tiled.blobs._asdict().items():
        np.testing.assert_array_equal(mine, getattr(whole.blobs, field))
    np.testing.assert_array_equal(
        read_map(tmp_path / "tiled", "a.png"), read_map(tmp_path / "whole", "a.png")
    )
    pixels = pixels[..., :num_classes].astype(np.float32)
    probabilities = pixels / (pixels.sum(axis=-1, keepdims=True) + 100)
    expected = label_class_blobs(probabilities, **options)
    assert tiled.outputs["count"] == expected.max(axis=(0, 1)).sum()
    areas = [np.bincount(maps.ravel())[1:] for maps in np.moveaxis(expected, -1, 0)]
    assert sorted(tiled.blobs.areas) == sorted(np.concatenate(areas))
    points = {tuple(p) for maps in np.moveaxis(expected, -1, 0) for p in blob_points(maps)}
    assert {tuple(p) for p in tiled.blobs.points} == points


@pytest.mark.parametrize("scale", [1.5, 2.0, 3.0])
def test_predict_blobs_of_an_enlarged_picture_are_those_of_its_map(tmp_path, scale):
    predictor = colour_predictor(2, scale=scale, threshold=0.3, levels=4, min_area=3)
    path = save(tmp_path / "a.png", smooth_noise(97, 130))
    tiled, preview = run(predictor, path, tmp_path / "tiled", tile=64, overlap=10)
    maps = predictor(read_image(path)[np.newaxis])["probabilities"][0]
    labels = label_class_blobs(maps, threshold=0.3, levels=4, min_area=3 * scale**2)
    expected = [
        # Point, class, area in pixels of the picture.
        [*np.maximum((point + 0.5) / scale - 0.5, 0), c, np.count_nonzero(own == i) / scale**2]
        for c, own in enumerate(np.moveaxis(labels, -1, 0), 1)
        for i, point in enumerate(blob_points(own), 1)
    ]
    blobs = tiled.blobs
    found = np.column_stack([blobs.points, blobs.classes, blobs.areas])
    np.testing.assert_allclose(sorted(found.tolist()), sorted(expected))
    shown = read_map(tmp_path / "tiled", "a.png")
    rows, columns = (((np.arange(n) + 0.5) * scale).astype(int) for n in (97, 130))
    np.testing.assert_array_equal(shown > 0, labels.any(axis=-1)[np.ix_(rows, columns)])
    assert blobs.size == shown.shape == preview.size == (97, 130)
    for box, number in zip(blobs.boxes, range(1, len(blobs.boxes) + 1), strict=True):
        rows, columns = np.nonzero(shown == number)
        assert (columns + 1 > box[0]).all() and (columns < box[2]).all()
        assert (rows + 1 > box[1]).all() and (rows < box[3]).all()


def test_predict_blobs_lists_what_the_label_map_is_too_coarse_for(tmp_path):
    # 3 x 3 pixels of the map per pixel. A line of 9 in row 3 has an area of 1, but the label map
    # shows the middle rows, 1 and 4.
    maps = np.zeros((1, 6, 15, 1), np.float32)
    maps[0, 3, :9] = 1
    outputs = {"probabilities": (None, None, None, 1)}
    predictor = Predictor(lambda _: {"probabilities": maps}, outputs, PointSettings(scale=3.0))
    path = save(tmp_path / "a.png", np.zeros((2, 5, 3), np.uint8))
    prediction, _ = run(predictor, path, tmp_path)
    assert prediction.outputs["count"] == 1 and prediction.blobs.areas.tolist() == [1]
    np.testing.assert_allclose(prediction.blobs.points, [[2 / 3, 1]])
    np.testing.assert_allclose(prediction.blobs.boxes, [[0, 1, 3, 4 / 3]])
    assert read_map(tmp_path, "a.png").max() == 0


def test_predict_blobs_reads_a_large_tiff_in_parts(tmp_path):
    pixels = smooth_noise(150, 170)
    path = save(tmp_path / "a.tif", pixels)
    options = {"tile": 64, "overlap": 16, "threshold": 0.62}
    whole, _ = run(colour_predictor(), path, tmp_path / "whole", threshold=0.62)
    parts, preview = run(colour_predictor(), path, tmp_path / "parts", max_pixels=5000, **options)
    assert parts.blobs.size == (150, 170) and len(parts.blobs.points) > 9
    np.testing.assert_array_equal(parts.blobs.points, whole.blobs.points)
    assert (tmp_path / "whole" / "a.tif.png").is_file()
    labels = tifffile.imread(tmp_path / "parts" / "a.tif.tif")
    np.testing.assert_array_equal(labels, read_map(tmp_path / "whole", "a.tif"))
    np.testing.assert_array_equal(preview.image, pixels)


def test_predict_blobs_numbers_agree_with_the_label_map(tmp_path):
    path = save(tmp_path / "a.png", smooth_noise(90, 80))
    prediction, _ = run(colour_predictor(), path, tmp_path, threshold=0.62, tile=64, overlap=16)
    labels, blobs = read_map(tmp_path, "a.png"), prediction.blobs
    assert labels.max() == len(blobs.points) == prediction.outputs["count"]
    rows, columns = blobs.points.astype(int).T
    assert labels[rows, columns].tolist() == list(range(1, labels.max() + 1))
    assert np.bincount(labels.ravel())[1:].tolist() == blobs.areas.tolist()


def test_predict_blobs_shares_a_call_between_tiles_of_one_size(tmp_path):
    path, calls = save(tmp_path / "a.png", smooth_noise(40, 200)), []
    run(colour_predictor(calls=calls), path, tmp_path, batch_size=2, tile=96, overlap=32)
    # Cores of 32 columns: windows of 64, 96 (4 x), 96 (160 to 192 + 8), and 40 columns.
    assert [shape[0] for shape in calls] == [1, 2, 2, 1, 1]
    assert {shape[1:] for shape in calls} == {(40, w, 3) for w in (64, 96, 72, 40)}


def test_predict_blobs_tells_how_many_tiles_there_are(tmp_path):
    path, seen = save(tmp_path / "a.png", smooth_noise(40, 200)), []

    def track(steps, total, name):
        for step in steps:
            seen.append((name, total))
            yield step

    options = BlobOptions(tile=96, overlap=32)
    arguments = colour_predictor(), [("x", path)], tmp_path
    list(predict_blobs(*arguments, max_pixels=10**5, options=options, track=track))
    assert seen == [("x", 7)] * 7


def test_predict_blobs_counts_classes_by_name(tmp_path):
    pixels = np.zeros((1, 9, 3), np.uint8)
    pixels[0, [0, 2, 4]], pixels[0, 6, 1] = [255, 0, 0], 255
    predictor = colour_predictor(2, class_names=("red", "green"))
    prediction, _ = run(predictor, save(tmp_path / "a.png", pixels), tmp_path, threshold=0.4)
    assert prediction.outputs["class_counts"].tolist() == [3, 1]
    assert prediction.names == {"class_counts": ("red", "green")}
    assert prediction.blobs.classes.tolist() == [1, 1, 1, 2]


def test_predict_blobs_of_one_class_without_a_name_count_alone(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((3, 4, 3), np.uint8))
    prediction, preview = run(colour_predictor(), path, tmp_path)
    assert prediction.outputs == {"count": 0} and prediction.blobs.class_names == ("1",)
    assert read_map(tmp_path, "a.png").max() == 0 and preview.image.shape == (3, 4, 3)


def test_predict_blobs_goes_on_after_a_bad_picture(tmp_path):
    good = save(tmp_path / "good.png", smooth_noise(20, 30))
    strip = tmp_path / "strip.tif"
    tifffile.imwrite(strip, smooth_noise(200, 200), photometric="rgb")
    cut = save(tmp_path / "cut.tif", smooth_noise(200, 200))
    cut.write_bytes(cut.read_bytes()[:-9000])
    images = [(path.name, path) for path in (strip, good, cut, tmp_path / "none.png", good)]
    options = BlobOptions(tile=64, overlap=8)
    found = [
        prediction
        for prediction, _ in predict_blobs(
            colour_predictor(), images, tmp_path / "maps", max_pixels=20_000, options=options
        )
    ]
    reasons = ["tiffcp -t", "", "truncated", "There is no such file", ""]
    for prediction, reason in zip(found, reasons, strict=True):
        assert reason in prediction.error and bool(prediction.error) == bool(reason)
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["good.png.png"]


def test_predict_blobs_leaves_nothing_of_a_stopped_picture(tmp_path):
    def call(images):
        raise KeyboardInterrupt

    predictor = Predictor(call, {"probabilities": (None, None, None, 1)}, PointSettings())
    path = save(tmp_path / "a.png", smooth_noise(20, 30))
    with pytest.raises(KeyboardInterrupt):
        run(predictor, path, tmp_path / "new" / "maps")
    assert [item.name for item in tmp_path.iterdir()] == ["a.png"]


def test_predict_blobs_says_what_the_model_refused(tmp_path):
    def call(images):
        return {"probabilities": tf.cast(images[:, 1:, :, :1], tf.float32)}

    predictor = Predictor(call, {"probabilities": (None, None, None, 1)}, PointSettings())
    prediction, _ = run(predictor, save(tmp_path / "a.png", smooth_noise(20, 30)), tmp_path)
    message = "`probabilities` must have 1 times the picture's height and width, (20, 30)"
    assert f"refused the picture: {message}" in prediction.error


def test_predict_blobs_warns_of_nan(tmp_path, caplog):
    def call(images):
        return {"probabilities": tf.cast(images[..., :1], tf.float32) * float("nan")}

    predictor = Predictor(call, {"probabilities": (None, None, None, 1)}, PointSettings())
    with caplog.at_level(logging.WARNING):
        prediction, _ = run(predictor, save(tmp_path / "a.png", smooth_noise(4, 5)), tmp_path)
    assert prediction.outputs["count"] == 0 and "NaN for 20 pixels" in caplog.text


def test_predict_blobs_refuses_options_before_it_starts(tmp_path):
    with pytest.raises(InputError, match="`--tile` must be at least 32 pixels more"):
        run(colour_predictor(), tmp_path / "a.png", tmp_path, tile=40, overlap=8)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("levels", [1, 4])
def test_predict_blobs_equal_the_models_own(pixelwise_counter, scale, levels, tmp_path):
    options = {"levels": levels, "min_area": 2, "objects_per_blob": 1.3, "max_points": 900}
    counter = pixelwise_counter(2, scale=scale, threshold=0.4, **options)
    counter.save(tmp_path / "points.keras")
    path = save(tmp_path / "a.png", smooth_noise(51, 61))
    prediction, _ = run(load_predictor(tmp_path / "points.keras"), path, tmp_path)
    own = counter(read_image(path)[np.newaxis])
    own = {name: value.numpy()[0] for name, value in own.items()}
    assert prediction.outputs["count"] == own["count"] > 0
    assert prediction.outputs["class_counts"].tolist() == own["class_counts"].tolist()
    blobs, num = prediction.blobs, own["num_points"]
    assert len(blobs.points) == num and (own["class_counts"] > 0).all()
    mine = np.column_stack([blobs.points, blobs.classes])
    theirs = np.column_stack([own["points"][:num], own["point_classes"][:num]])
    np.testing.assert_allclose(sorted(mine.tolist()), sorted(theirs.tolist()), atol=1e-4)


def test_predict_blobs_in_tiles_equal_the_models_own(pixelwise_counter, tmp_path):
    # Resized by 2, weights are quarters: the same in tiles to the last bit.
    counter = pixelwise_counter(2, scale=2.0, threshold=0.4, levels=4, max_points=900)
    counter.save(tmp_path / "points.keras")
    path = save(tmp_path / "a.png", smooth_noise(51, 61))
    predictor = load_predictor(tmp_path / "points.keras")
    prediction, _ = run(predictor, path, tmp_path, tile=40, overlap=3)
    own = counter(read_image(path)[np.newaxis])
    points = own["points"].numpy()[0, : int(own["num_points"][0])]
    assert prediction.outputs["count"] == own["count"].numpy()[0] > 5
    assert sorted(prediction.blobs.points.tolist()) == sorted(points.tolist())
