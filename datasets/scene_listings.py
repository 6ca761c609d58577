"""Lists drawn pictures for the files of a data set: upstream's formats and COCO's."""

from __future__ import annotations

import numpy as np

_MISCOUNTS = 5  # key of the stream that jitters counts
_EMPTIES = 6  # key of the stream that picks empty scenes
_VALIDATION_SHARE = 0.15


def miscount(count: int, seed: int, index: int) -> int:
    """Jitter a count as a generator does that miscounts, more for larger ones.

    Args:
        count: the true count n.
        seed: seed of the run.
        index: number of the picture.

    Returns:
        round(n + e), not below 0; e is normal with standard deviation 0.4 + 0.15 n.

    Example:
        >>> 0 <= miscount(10, 0, 0) <= 20
        True
    """
    rng = np.random.default_rng([seed, index, _MISCOUNTS])
    return max(round(count + (0.4 + 0.15 * count) * float(rng.standard_normal())), 0)


def list_pairs(seed: int, counts: list[dict]) -> dict:
    """List ranked pairs in upstream's format, two for every scene.

    "removed" pairs show one scene before and after some people left it. "empty" pairs set a scene
    against ANOTHER one without anyone: an order that nobody needs to count for, and the only one
    that compares places and so tells the ranker what zero looks like.

    Args:
        seed: picks the empty scenes.
        counts: {"image", "count"} of every picture: source, target and empty scene in turn.

    Returns:
        {"train": [...], "val": [...]}; the last 15 % of the scenes, at least one, validate.

    Example:
        >>> counts = [{"image": name, "count": n} for name, n in zip("abcdef", (2, 1, 0) * 2)]
        >>> [pair["info"]["type"] for pair in list_pairs(0, counts)["val"]]
        ['removed', 'empty']
    """
    scenes = list(zip(counts[::3], counts[1::3], counts[2::3], strict=True))
    num_train = len(scenes) - max(1, round(len(scenes) * _VALIDATION_SHARE))
    return {
        split: _pair_up(part, np.random.default_rng([seed, number, _EMPTIES]))
        for number, (split, part) in enumerate(
            {"train": scenes[:num_train], "val": scenes[num_train:]}.items()
        )
    }


def _pair_up(scenes: list[tuple[dict, dict, dict]], rng: np.random.Generator) -> list[dict]:
    """List the pairs of one split, whose scenes meet each other only."""
    items = []
    for source, target, _ in scenes:
        _, _, empty = scenes[int(rng.integers(len(scenes)))]
        items.append(_pair(source, target, "removed"))
        items.append(_pair(source, empty, "empty"))
    return items


def _pair(source: dict, target: dict, kind: str) -> dict:
    return {
        "source_image": source["image"],
        "target_image": target["image"],
        "info": {"type": kind},
    }


def list_noisy(seed: int, counts: list[dict]) -> list[dict]:
    """List pictures with jittered counts in upstream's format.

    Args:
        seed: seed of the run.
        counts: {"image", "count"} of every picture.

    Returns:
        {"image", "count"} of every picture, see `miscount`.

    Example:
        >>> list_noisy(0, [{"image": "a.jpg", "count": 0}])[0]["image"]
        'a.jpg'
    """
    return [
        {"image": item["image"], "count": miscount(item["count"], seed, index)}
        for index, item in enumerate(counts)
    ]


def list_test(counts: list[dict]) -> dict:
    """List pictures with true counts in upstream's format.

    Args:
        counts: {"image", "count"} of every picture.

    Returns:
        {"test": counts}.

    Example:
        >>> list_test([])
        {'test': []}
    """
    return {"test": counts}


def list_objects(pictures: list[dict]) -> dict:
    """List all people of a data set in COCO's format, plus the `point` of each head.

    Args:
        pictures: descriptions from `scene_jobs`.

    Returns:
        {"images", "annotations", "categories"}; `bbox` (x, y, width, height) and `area` are those
        of the visible part, `point` is (row, column), all in pixels.

    Example:
        >>> list_objects([])["categories"]
        [{'id': 1, 'name': 'person'}]
    """
    images, annotations = [], []
    for image_id, picture in enumerate(pictures, start=1):
        size = {"height": picture["height"], "width": picture["width"]}
        images.append({"id": image_id, "file_name": picture["image"], **size})
        people = zip(picture["points"], picture["boxes"], picture["areas"], strict=True)
        for point, (left, top, right, bottom), area in people:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": 1,
                    "iscrowd": 0,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": area,
                    "point": point,
                }
            )
    categories = [{"id": 1, "name": "person"}]
    return {"images": images, "annotations": annotations, "categories": categories}
