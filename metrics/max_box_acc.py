"""How often the box of a score map is right, at every threshold: CorLoc and MaxBoxAcc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from config.errors import InputError
from metrics.score_maps import check_deltas
from ops.box_forms import box_areas
from ops.box_overlaps import iou_matrix
from ops.level_boxes import find_level_boxes

CORLOC_DELTA = 0.5
CHOICES = ("micro", "macro")
_RANKS = (None, 1, 5)  # the class is known; or it must be among the classifier's first


class MaxBoxAccuracy:
    """Counts, frame by frame, which thresholds give a right box.

    A threshold is a share of a map's own maximum. In V1 a map's box is that of its contour of the
    largest area (CorLoc), in V2 any contour's; a frame is right at an IoU of delta with any of its
    true boxes. MaxBoxAcc is the share of right frames at the best threshold, one for all frames,
    chosen on the frames that are scored: an oracle.

    Args:
        class_names: names of classes 1 to K, or of any other groups of frames.
        step: between the thresholds 0, step, ... below 1; .001 is the protocol's, .004 its choice
            between epochs.
        deltas: IoU to be reached, in (0, 1], .5 among them.
        inclusive: as the protocol counts: boxes hold their last pixel's number (x1 - x0 + 1
            pixels wide), predicted ones end at the last column at most, true ones are cut to whole
            pixels. Else all boxes are half-open.
        every_contour: whether V2 is wanted too.

    Raises:
        InputError: an argument is out of range.

    Example:
        >>> accuracy = MaxBoxAccuracy(("cat", "dog"), step=0.1)
        >>> score_map = np.array([[0.0, 0.3, 1.0, 1.0]])
        >>> accuracy.update(score_map, [[1, 0, 4, 1]], 1, ranking=[2, 1])
        >>> accuracy.update(score_map, [[0, 0, 1, 1]], 1, ranking=[1, 2])
        >>> result = accuracy.result()
        >>> result["corloc_micro"], result["max_box_acc_v1_70"], result["top5_localization"]
        (0.5, 0.5, 0.5)

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020,
        and its journal version, arXiv 2007.04178, for V2; clovaai/wsolevaluation. Upstream goes
        through 1,000 masks a frame, and takes a frame without a true box for one with the box
        (0, 0, 0, 0), which a map without a contour then finds; here it is unknown and left out.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        *,
        step: float = 0.001,
        deltas: tuple[float, ...] = (0.3, 0.5, 0.7),
        inclusive: bool = False,
        every_contour: bool = True,
    ):
        check_deltas(deltas)
        if CORLOC_DELTA not in deltas or not 0 < step <= 1 or not len(class_names):
            raise InputError(
                f"`deltas` must hold {CORLOC_DELTA}, `step` be in (0, 1], and `class_names` not "
                f"empty. Received {deltas}, {step} and {class_names}."
            )
        self.class_names, self.deltas = tuple(class_names), tuple(deltas)
        self.inclusive, self.every_contour = inclusive, every_contour
        self.thresholds = np.arange(0, 1, step)
        shape = (2, len(_RANKS), len(self.class_names), len(deltas), len(self.thresholds))
        self._right = np.zeros(shape, np.int32)
        self._frames = np.zeros(len(self.class_names), np.int64)
        self._num_unknown, self._is_ranked = 0, False

    def update(
        self,
        score_map: np.ndarray,
        true_boxes: np.ndarray | None,
        label: int,
        ranking: Sequence[int] | None = None,
    ) -> None:
        """Count one frame.

        Args:
            score_map: (H, W) in [0, 1].
            true_boxes: (N, 4) xyxy in the map's pixels, half-open. A frame with none, or with
                boxes without an area alone, is only counted as unknown.
            label: class of the frame, 1 to K.
            ranking: classes as the classifier ranks them, the likeliest first, 5 at least where
                there are as many; None where nothing was classified.

        Raises:
            ValueError: the map or a box is of another form or not finite, or `label` is unknown.

        Example:
            >>> # see the class
        """
        if not 1 <= label <= len(self.class_names):
            raise ValueError(f"`label` must be 1 to {len(self.class_names)}. Received {label}.")
        true_boxes = _read_boxes(true_boxes)
        found = find_level_boxes(score_map, self.thresholds, every_contour=self.every_contour)
        if not len(true_boxes):
            self._num_unknown += 1
            return
        largest, every = (
            self._overlaps(boxes, true_boxes, np.shape(score_map))
            for boxes in (found.largest, found.every)
        )
        best = np.zeros((2, len(largest)))
        best[0] = largest
        filled = found.counts > 0
        if filled.any():
            starts = np.cumsum(found.counts) - found.counts
            best[1, filled] = np.maximum.reduceat(every, starts[filled])
        right = best[:, np.newaxis] >= np.array(self.deltas)[:, np.newaxis]  # (2, D, L)
        right = right[..., found.levels]
        for number, rank in enumerate(_RANKS):
            if rank is None or (ranking is not None and label in list(ranking)[:rank]):
                self._right[:, number, label - 1] += right
        self._frames[label - 1] += 1
        self._is_ranked |= ranking is not None

    def result(self, *, threshold: float | None = None, choose: str = "micro") -> dict[str, Any]:
        """Sum up all frames.

        Args:
            threshold: what CorLoc is told at, the nearest one that was counted; None for the
                best, the lowest of equally good ones.
            choose: which CorLoc the best threshold is best for: "micro", as the protocol does, or
                "macro".

        Returns:
            At one threshold: `corloc_macro`, the mean over classes that have frames,
            `corloc_micro` over frames, `per_class` {name: {"corloc", "num_frames"}} (NaN for a
            class without frames), `threshold`. Each at its own best threshold, over frames:
            `max_box_acc_v1_30` and so on, `max_box_acc_v2_30` and so on with their mean
            `max_box_acc_v2` (where every contour was counted), `top1_localization` and
            `top5_localization` (V1 at .5 and the class among the first; where frames were
            ranked), and `best_thresholds` of all these. `num_frames`; `num_unknown` frames left
            out.

        Raises:
            InputError: no frame was counted, or an argument is out of range.

        Example:
            >>> # see the class
        """
        if not self._frames.sum():
            raise InputError(
                "CorLoc needs a frame with a true box. None of "
                f"{self._num_unknown} frames has one; leave out the scoring of these data."
            )
        if choose not in CHOICES or not (threshold is None or 0 <= threshold <= 1):
            raise InputError(
                f"`choose` must be one of {', '.join(CHOICES)} and `threshold` in [0, 1]. "
                f"Received {choose!r} and {threshold}."
            )
        shares = self._class_curves()
        curves = {"micro": self.curve(), "macro": np.nanmean(shares, axis=0)}
        if threshold is None:
            number = int(curves[choose].argmax())
        else:
            number = int(np.abs(self.thresholds - threshold).argmin())
        per_class = {
            name: {"corloc": float(curve[number]), "num_frames": int(frames)}
            for name, curve, frames in zip(self.class_names, shares, self._frames, strict=True)
        }
        return {
            **{f"corloc_{name}": float(curves[name][number]) for name in reversed(CHOICES)},
            "per_class": per_class,
            "threshold": float(self.thresholds[number]),
            **self._best(),
            "num_frames": int(self._frames.sum()),
            "num_unknown": self._num_unknown,
        }

    def curve(self, *, delta: float = CORLOC_DELTA, every_contour: bool = False) -> np.ndarray:
        """Return the share of frames that are right, threshold by threshold.

        Args:
            delta: IoU to be reached, one of `deltas`.
            every_contour: V2 in the place of V1.

        Returns:
            (T,) float64 in [0, 1], of `thresholds`.

        Example:
            >>> accuracy = MaxBoxAccuracy(("cat",), step=0.5)
            >>> accuracy.update(np.array([[0.4, 1.0]]), [[1, 0, 2, 1]], 1)
            >>> accuracy.curve(delta=0.7).tolist()
            [0.0, 1.0]
        """
        return self._shares(int(every_contour), 0, delta)

    def regroup(self, class_names: Sequence[str], labels: Sequence[int]) -> MaxBoxAccuracy:
        """Sum up the same frames by other groups, such as classes where shots were counted.

        Args:
            class_names: names of the new groups.
            labels: the new group of each old one, from 1.

        Returns:
            Another counter; this one stays.

        Raises:
            ValueError: there are not as many labels as groups, or one is unknown.

        Example:
            >>> shots = MaxBoxAccuracy(("cat/1", "cat/2"), step=0.5)
            >>> shots.update(np.array([[0.4, 1.0]]), [[1, 0, 2, 1]], 2)
            >>> shots.regroup(("cat",), [1, 1]).result()["per_class"]
            {'cat': {'corloc': 1.0, 'num_frames': 1}}
        """
        places = np.asarray(labels, np.int64) - 1
        if (
            places.shape != self._frames.shape
            or not ((0 <= places) & (places < len(class_names))).all()
        ):
            raise ValueError(
                f"`labels` must be {len(self._frames)} numbers from 1 to {len(class_names)}. "
                f"Received {list(labels)}."
            )
        other = MaxBoxAccuracy(
            class_names,
            deltas=self.deltas,
            inclusive=self.inclusive,
            every_contour=self.every_contour,
        )
        other.thresholds = self.thresholds
        other._right = np.zeros(
            (*self._right.shape[:2], len(class_names), *self._right.shape[3:]), np.int32
        )
        np.add.at(other._right, (slice(None), slice(None), places), self._right)
        np.add.at(other._frames, places, self._frames)
        other._num_unknown, other._is_ranked = self._num_unknown, self._is_ranked
        return other

    def _shares(self, kind, rank, delta):
        right = self._right[kind, rank, :, self.deltas.index(delta)].sum(axis=0)
        return right / self._frames.sum()

    def _class_curves(self):
        """Return (K, T) CorLoc of each class; NaN for one without frames."""
        right = self._right[0, 0, :, self.deltas.index(CORLOC_DELTA)]
        frames = np.where(self._frames > 0, self._frames, np.nan)
        return right / frames[:, np.newaxis]

    def _best(self):
        curves = {f"max_box_acc_v1_{100 * d:g}": self._shares(0, 0, d) for d in self.deltas}
        if self.every_contour:
            curves |= {f"max_box_acc_v2_{100 * d:g}": self._shares(1, 0, d) for d in self.deltas}
        if self._is_ranked:
            for number, rank in enumerate(_RANKS[1:], start=1):
                curves[f"top{rank}_localization"] = self._shares(0, number, CORLOC_DELTA)
        best = {name: float(curve.max()) for name, curve in curves.items()}
        if self.every_contour:
            of_v2 = [value for name, value in best.items() if name.startswith("max_box_acc_v2")]
            best["max_box_acc_v2"] = float(np.mean(of_v2))
        chosen = {n: float(self.thresholds[curve.argmax()]) for n, curve in curves.items()}
        return {**best, "best_thresholds": chosen}

    def _overlaps(self, boxes, true_boxes, size):
        """Return (M,) best IoU of each box; 0 for a NaN one."""
        if self.inclusive:
            boxes = np.minimum(boxes, np.array([np.inf, np.inf, size[1] - 1, size[0] - 1]))
            # With the last pixel counted, a box is as large as a half-open one that ends after it.
            boxes, true_boxes = boxes + [0, 0, 1, 1], np.trunc(true_boxes) + [0, 0, 1, 1]
        return np.nan_to_num(iou_matrix(boxes, true_boxes)).max(axis=1)


def _read_boxes(boxes):
    """Return (N, 4) float64 of the boxes that have an area."""
    boxes = np.zeros((0, 4)) if boxes is None else np.asarray(boxes, np.float64)
    boxes = boxes.reshape(-1, 4) if not boxes.size else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise ValueError(
            "`true_boxes` must be (N, 4) finite xyxy pixels of the map. "
            f"Received shape {boxes.shape}, {np.isfinite(boxes).sum()} finite values."
        )
    if (boxes[:, 2:] < boxes[:, :2]).any():
        raise ValueError("`true_boxes` must be xyxy. Received swapped corners.")
    return boxes[box_areas(boxes) > 0]
