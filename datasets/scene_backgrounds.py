"""Grounds and skylines of drawn scenes: textures laid on the ground plane in perspective."""

from __future__ import annotations

import functools

import numpy as np

from ops.opencv import cv2

TILE = 256  # side of a flat ground texture, pixels
_PIXELS_PER_METRE = 20.0
_PERSON_METRES = 1.7


def octave_noise(
    rng: np.random.Generator, size: tuple[int, int], *, finest: int = 1, coarsest: int = 64
) -> np.ndarray:
    """Add up random grids from fine to coarse, each coarser one stronger.

    Args:
        rng: source of the draws.
        size: (height, width), pixels.
        finest: cell of the finest grid, pixels.
        coarsest: bound of the cell of the coarsest grid, pixels.

    Returns:
        (H, W) float32, mean near 0, most values in -1..1.

    Example:
        >>> octave_noise(np.random.default_rng(0), (8, 16)).shape
        (8, 16)
    """
    total, weight, sum_of_squares = np.zeros(size, np.float32), 1.0, 0.0
    cell = finest
    while cell <= coarsest:
        grid = rng.random((-(-size[0] // cell), -(-size[1] // cell)), np.float32) * 2 - 1
        grid = np.pad(grid, ((0, 1), (0, 1)), mode="wrap")
        total += weight * cv2.resize(grid, size[::-1], interpolation=cv2.INTER_LINEAR)
        sum_of_squares += weight**2
        weight *= 1.35
        cell *= 4
    return total * np.float32(1.2 / np.sqrt(sum_of_squares))


def _tinted(base, noise: np.ndarray, strength: float) -> np.ndarray:
    """Brighten and darken a colour by noise: (H, W, 3) float32."""
    # Channel by channel: broadcasting over a last axis of three is five times slower.
    factor = 1 + np.float32(strength) * noise
    return cv2.merge([np.float32(channel) * factor for channel in base])


def _mixed(texture: np.ndarray, colour, share: np.ndarray) -> np.ndarray:
    """Mix a colour into a texture by a share (H, W) per pixel: (H, W, 3) float32."""
    channels = zip(cv2.split(texture), colour, strict=True)
    return cv2.merge([old + share * (np.float32(new) - old) for old, new in channels])


def _brightened(texture: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Multiply every channel by a factor (H, W): same shape and type as `texture`."""
    factors = cv2.merge([factor.astype(np.float32)] * 3)
    return cv2.multiply(texture, factors, dtype=cv2.CV_8U if texture.dtype == np.uint8 else -1)


def _magnified(cells: np.ndarray) -> np.ndarray:
    """Enlarge a grid of cells to a whole tile, edges sharp."""
    return cv2.resize(cells, (TILE, TILE), interpolation=cv2.INTER_NEAREST)


def _slabs(rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(95, 190) * rng.uniform(0.9, 1.08, 3)
    cell = int(rng.choice([16, 32, 64]))
    tints = rng.normal(0, rng.uniform(0.02, 0.09), (TILE // cell, TILE // cell)).astype(np.float32)
    noise = rng.uniform(0.05, 0.14) * octave_noise(rng, (TILE, TILE)) + _magnified(tints)
    texture = _tinted(base, noise, 1.0)
    texture[::cell] *= 0.72
    texture[:, ::cell] *= 0.72
    return texture


def _asphalt(rng: np.random.Generator) -> np.ndarray:
    noise = octave_noise(rng, (TILE, TILE))
    texture = _tinted(rng.uniform(55, 120) * np.array([1, 1, 1.04]), noise, rng.uniform(0.08, 0.2))
    if rng.random() < 0.6:
        start, width = rng.integers(0, 150), rng.integers(6, 14)
        stripe = texture[start : start + rng.integers(60, 100)]
        for left in range(0, TILE, 2 * width + 6):
            stripe[:, left : left + width] = rng.uniform(190, 235)
    return texture


def _grass(rng: np.random.Generator) -> np.ndarray:
    base = np.array([rng.uniform(66, 120), rng.uniform(98, 132), rng.uniform(42, 74)])
    texture = _tinted(base, octave_noise(rng, (TILE, TILE)), rng.uniform(0.15, 0.32))
    patches = np.clip(octave_noise(rng, (TILE, TILE), finest=8), 0, 1)
    texture = _mixed(texture, (165, 140, 92), patches * rng.uniform(0, 0.6))
    if rng.random() < 0.3:
        texture[(np.arange(TILE) // 32) % 2 == 0] *= 1.14
    return texture


def _sand(rng: np.random.Generator) -> np.ndarray:
    base = np.array([214, 190, 148]) * rng.uniform(0.75, 1.08)
    noise = octave_noise(rng, (TILE, TILE))
    ripples = np.sin(np.arange(TILE)[:, None] * 2 * np.pi / 16 + 3 * noise)
    return _tinted(base, noise + rng.uniform(0, 0.6) * ripples, rng.uniform(0.06, 0.14))


def _water(rng: np.random.Generator) -> np.ndarray:
    base = np.array([rng.uniform(90, 150), rng.uniform(125, 165), rng.uniform(135, 180)])
    noise = octave_noise(rng, (TILE, TILE), finest=4)
    waves = np.sin(np.arange(TILE)[:, None] * np.float32(2 * np.pi / 16) + 4 * noise)
    texture = _tinted(base, waves, rng.uniform(0.03, 0.12))
    texture[waves > 0.96] = 0.6 * texture[waves > 0.96] + 90
    return texture


def _planks(rng: np.random.Generator) -> np.ndarray:
    base = np.array([165, 118, 74]) * rng.uniform(0.6, 1.2)
    tints = np.repeat(rng.normal(0, 0.1, TILE // 16), 16).astype(np.float32)
    noise = rng.uniform(0.05, 0.12) * octave_noise(rng, (TILE, TILE)) + tints[:, None]
    texture = _tinted(base, noise, 1.0)
    texture[::16] *= 0.6
    return texture if rng.random() < 0.5 else texture.transpose(1, 0, 2)


def _checks(rng: np.random.Generator) -> np.ndarray:
    cell = int(rng.choice([16, 32]))
    cells = np.indices((TILE // cell, TILE // cell)).sum(axis=0) % 2
    light, dark = rng.uniform(150, 225), rng.uniform(60, 150)
    texture = _tinted(light * rng.uniform(0.9, 1.1, 3), octave_noise(rng, (TILE, TILE)), 0.06)
    return _mixed(texture, dark * rng.uniform(0.75, 1.25, 3), _magnified(cells.astype(np.float32)))


def _plain(rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(70, 205) * rng.uniform(0.8, 1.15, 3)
    texture = _tinted(base, octave_noise(rng, (TILE, TILE)), rng.uniform(0.02, 0.2))
    tint = np.clip(octave_noise(rng, (TILE, TILE), finest=16), 0, 1)
    return _mixed(texture, rng.uniform(60, 210, 3), tint * rng.uniform(0, 0.5))


GROUNDS = {
    "slabs": _slabs,
    "asphalt": _asphalt,
    "grass": _grass,
    "sand": _sand,
    "water": _water,
    "planks": _planks,
    "checks": _checks,
    "plain": _plain,
}
SKYLINES = ("sky", "facade", "trees", "wall")


@functools.lru_cache(maxsize=1)
def draw_background(
    key: tuple[int, ...],
    size: tuple[int, int],
    *,
    ground: str,
    skyline: str,
    horizon: float,
    slope: float,
) -> np.ndarray:
    """Draw a scene that nobody has entered yet.

    The last one is remembered, since both pictures of a ranked pair show it.

    Args:
        key: seed of the draws.
        size: (height, width), pixels.
        ground: a key of `GROUNDS`.
        skyline: one of `SKYLINES`, drawn above the horizon.
        horizon: row of the horizon, pixels; negative when above the picture.
        slope: height of a person per row below the horizon.

    Returns:
        (H, W, 3) uint8 RGB, read-only.

    Example:
        >>> draw_background(
        ...     (0, 1), (48, 64), ground="grass", skyline="sky", horizon=10.0, slope=0.3
        ... ).shape
        (48, 64, 3)
    """
    rng = np.random.default_rng(key)
    flat = cv2.convertScaleAbs(np.maximum(GROUNDS[ground](rng), 0))
    picture = _lay_on_ground(rng, flat, size, horizon, slope)
    shade = 1 + rng.uniform(0.02, 0.12) * octave_noise(rng, size, finest=16)
    picture = _brightened(picture, shade)
    if horizon > 1:
        above = int(round(horizon))
        picture[:above] = _draw_skyline(rng, (above, size[1]), skyline).clip(0, 255)
    picture.setflags(write=False)
    return picture


def _lay_on_ground(rng, flat: np.ndarray, size: tuple[int, int], horizon: float, slope: float):
    """Warp a flat texture to the ground plane; what is very far fades to the mean colour."""
    height, width = size
    focal = max(1.1 * height, 1.3 * (height - horizon))
    metres = _PERSON_METRES * _PIXELS_PER_METRE
    angle = rng.uniform(-0.6, 0.6)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), rng.uniform(0, TILE)],
         [np.sin(angle), np.cos(angle), rng.uniform(0, TILE)],
         [0, 0, 1]]
    )  # fmt: skip
    # A person's height in pixels is slope * (y - horizon): metres across = x * 1.7 / height.
    to_flat = np.array(
        [[metres, 0, -metres * width / 2], [0, 0, metres * focal], [0, slope, -slope * horizon]]
    )
    warped = cv2.warpPerspective(
        flat,
        turn @ to_flat,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_WRAP,
    )
    person = slope * (np.arange(height, dtype=np.float32) - horizon) / height
    far = person < 0.08
    sharp = np.clip((person[far] - 0.01) / 0.07, 0, 1)[:, None, None]
    warped[far] = np.array(cv2.mean(flat)[:3]) * (1 - sharp) + warped[far] * sharp
    return warped


def _draw_skyline(rng: np.random.Generator, size: tuple[int, int], skyline: str) -> np.ndarray:
    """Draw what stands above the horizon: (h, W, 3) float32."""
    height, width = size
    top = np.array([rng.uniform(70, 200), rng.uniform(130, 205), rng.uniform(190, 245)])
    low = np.array([225, 228, 230]) * rng.uniform(0.75, 1.05)
    ramp = np.broadcast_to(np.linspace(0, 1, height, dtype=np.float32)[:, None], size)
    clouds = np.clip(octave_noise(rng, size, finest=4), 0, 1)
    sky = cv2.merge(
        [np.float32(a) + ramp * np.float32(b - a) for a, b in zip(top, low, strict=True)]
    )
    band = _mixed(sky, (240, 240, 240), clouds * rng.uniform(0, 1))
    if skyline == "facade":
        _draw_facade(rng, band)
    elif skyline == "wall":
        noise = octave_noise(rng, size)
        band[height // 4 :] = _tinted(rng.uniform(60, 200, 3), noise, 0.1)[height // 4 :]
    elif skyline == "trees":
        edge = height * (0.35 + 0.25 * octave_noise(rng, (1, width), finest=4)[0])
        leaves = np.arange(height)[:, None] > edge
        noise = octave_noise(rng, size)
        green = np.array([rng.uniform(40, 90), rng.uniform(70, 115), rng.uniform(30, 60)])
        band[leaves] = _tinted(green, noise, 0.35)[leaves]
    return band


def _draw_facade(rng: np.random.Generator, band: np.ndarray) -> None:
    """Paint a row of houses with windows, in place."""
    height, width = band.shape[:2]
    left = -int(rng.integers(0, 20))
    while left < width:
        right = left + int(rng.integers(24, 80))
        roof = int(height * rng.uniform(0, 0.5))
        house = band[roof:, max(left, 0) : right]
        noise = octave_noise(rng, house.shape[:2])
        house[:] = _tinted(rng.uniform(90, 210) * rng.uniform(0.85, 1.1, 3), noise, 0.05)
        step = int(rng.integers(7, 14))
        rows = np.arange(house.shape[0]) % step < step // 2
        cols = np.arange(house.shape[1]) % step < step // 2
        house[np.ix_(rows, cols)] *= rng.uniform(0.4, 0.75)
        left = right
