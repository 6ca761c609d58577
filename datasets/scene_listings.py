"""Lists drawn pictures for the files of a data set: upstream's formats and COCO's."""

from __future__ import annotations

import numpy as np

_MISCOUNTS = 5  # key of the stream that jitters counts
_VALIDATION_SHARE = 0.15
_TEST_SHARE = 0.2


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


def list_pairs(counts: list[dict]) -> dict:
    """List ranked pairs in upstream's format, two for every scene.

    "removed" pairs show one scene before and after some people left it; "moved" pairs show fewer
    of its people in another place and light, which tells the ranker what not to look at.

    Args:
        counts: {"image", "count"} of every picture: source, target and moved target in turn.

    Returns:
        {"train": [...], "val": [...]}; the last 15 % of the scenes, at least one, validate.

    Example:
        >>> counts = [{"image": name, "count": 1} for name in "abcdef"]
        >>> [pair["info"]["type"] for pair in list_pairs(counts)["val"]]
        ['removed', 'moved']
    """
    items = [
        {"source_image": source["image"], "target_image": fewer["image"], "info": {"type": kind}}
        for source, target, moved in zip(counts[::3], counts[1::3], counts[2::3], strict=True)
        for kind, fewer in (("removed", target), ("moved", moved))
    ]
    num_val = 2 * max(1, round(len(items) / 2 * _VALIDATION_SHARE))
    return {"train": items[:-num_val], "val": items[-num_val:]}


def list_triplets(counts: list[dict]) -> dict:
    """List chains of three pictures, two for every scene.

    "removed" chains show one scene with fewer and fewer people; the last picture of "moved" ones
    shows some of them in another place and light.

    Args:
        counts: {"image", "count"} of every picture: added, source, target and moved in turn.

    Returns:
        {"train": [...], "val": [...]}; the last 15 % of the scenes, at least one, validate.

    Example:
        >>> counts = [{"image": name, "count": 1} for name in "abcdefgh"]
        >>> [chain["images"] for chain in list_triplets(counts)["val"]]
        [['e', 'f', 'g'], ['e', 'f', 'h']]
    """
    items = [
        {"images": [each["image"] for each in (added, source, fewer)], "info": {"type": kind}}
        for added, source, target, moved in zip(*(counts[i::4] for i in range(4)), strict=True)
        for kind, fewer in (("removed", target), ("moved", moved))
    ]
    num_val = 2 * max(1, round(len(items) / 2 * _VALIDATION_SHARE))
    return {"train": items[:-num_val], "val": items[-num_val:]}


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


def list_splits(items: list[dict]) -> dict:
    """Share pictures out: the first 65 % train, 15 % validate, the rest test.

    Args:
        items: three or more, one for each picture; their order tells nothing of what they show.

    Returns:
        {"train": [...], "val": [...], "test": [...]}, none of them empty.

    Example:
        >>> list_splits(["a", "b", "c"])
        {'train': ['a'], 'val': ['b'], 'test': ['c']}
    """
    num_val = max(1, round(len(items) * _VALIDATION_SHARE))
    num_test = max(1, round(len(items) * _TEST_SHARE))
    num_train = len(items) - num_val - num_test
    return {
        "train": items[:num_train],
        "val": items[num_train : num_train + num_val],
        "test": items[num_train + num_val :],
    }


def list_objects(pictures: list[dict]) -> dict:
    """List all objects of a data set in COCO's format.

    Args:
        pictures: descriptions from `scene_jobs` or `object_jobs`; without "classes" all objects
            are people.

    Returns:
        {"images", "annotations", "categories"}; `bbox` (x, y, width, height) and `area` are those
        of the visible part, `point`, a person's head or the middle of another object's box, is
        (row, column), all in pixels.

    Example:
        >>> list_objects([])["categories"]
        [{'id': 1, 'name': 'person'}]
    """
    names = sorted({name for each in pictures for name in each.get("classes", ())} or {"person"})
    images, annotations = [], []
    for image_id, picture in enumerate(pictures, start=1):
        size = {"height": picture["height"], "width": picture["width"]}
        images.append({"id": image_id, "file_name": picture["image"], **size})
        classes = picture.get("classes", names * len(picture["boxes"]))
        objects = zip(picture["points"], picture["boxes"], picture["areas"], classes, strict=True)
        for point, (left, top, right, bottom), area, name in objects:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": 1 + names.index(name),
                    "iscrowd": 0,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": area,
                    "point": point,
                }
            )
    categories = [{"id": i, "name": name} for i, name in enumerate(names, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}
