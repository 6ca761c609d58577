"""Says a count in words: its interval, and whether there is anything to count."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ops.count_calibration import NONE_BELOW, NONE_THRESHOLD, P_VALUE


def caption_count(
    outputs: Mapping[str, float],
    *,
    about: Mapping[str, float | str | None] = MappingProxyType({}),
    truth: float | None = None,
) -> str:
    """Write a count as a picture's caption.

    Args:
        outputs: `count` and perhaps `count_low`, `count_high` and `none_probability` of a picture.
        about: perhaps `interval`, the share of true counts that the interval is to hold, and
            `none_from`, see `ops.count_calibration`.
        truth: true count, or None.

    Returns:
        One line.

    Example:
        >>> caption_count({"count": 2.5})
        'Count 2.5'
        >>> outputs = {"count": 0.4, "count_low": 0, "count_high": 2.1, "none_probability": 0.9}
        >>> caption_count(outputs, about={"interval": 0.8}, truth=0)
        'None here (0.90): count 0.4, 0.0 to 2.1 (80 %), true 0'
    """
    text = f"count {outputs['count']:.1f}"
    if "count_low" in outputs:
        text += f", {outputs['count_low']:.1f} to {outputs['count_high']:.1f}"
        text += f" ({100 * about['interval']:g} %)" if about.get("interval") else ""
    if truth is not None:
        text += f", true {truth:g}"
    if decide_none(outputs, about).get("none_here"):
        kind = "p-value " if about.get("none_from") == P_VALUE else ""
        return f"None here ({kind}{outputs['none_probability']:.2f}): {text}"
    return text.capitalize()


def decide_none(
    outputs: Mapping[str, float], about: Mapping[str, float | str | None] = MappingProxyType({})
) -> dict[str, bool]:
    """Decide whether there is anything to count.

    Args:
        outputs: of a picture.
        about: perhaps `none_from`, see `ops.count_calibration`.

    Returns:
        {"none_here": whether `none_probability` is `NONE_THRESHOLD` or more, and, where it is a
        p-value, the count below `NONE_BELOW`}; {} for a model without it.

    Example:
        >>> outputs = {"count": 2.4, "none_probability": 0.9}
        >>> decide_none(outputs), decide_none(outputs, {"none_from": "p-value"})
        ({'none_here': True}, {'none_here': False})
    """
    if "none_probability" not in outputs:
        return {}
    unsure = about.get("none_from") == P_VALUE and not outputs.get("count", 0) < NONE_BELOW
    return {"none_here": bool(outputs["none_probability"] >= NONE_THRESHOLD and not unsure)}
