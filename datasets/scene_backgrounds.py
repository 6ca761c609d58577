"""Grounds and skylines of drawn scenes: textures laid on the ground plane in perspective."""

from __future__ import annotations

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
        grid = rng.random((size[0] // cell + 2, size[1] // cell + 2), np.float32) * 2 - 1
        total += weight * cv2.resize(grid, size[::-1], interpolation=cv2.INTER_LINEAR)
        sum_of_squares += weight**2
        weight *= 1.35
        cell *= 4
    return total * np.float32(1.2 / np.sqrt(sum_of_squares))


def _tinted(base, noise: np.ndarray, strength: float) -> np.ndarray:
    """Brighten and darken a colour by noise: (H, W, 3) float32."""
    return np.asarray(base, np.float32) * (1 + strength * noise[..., None])


def _slabs(rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(95, 190) * rng.uniform(0.9, 1.08, 3)
    cell = int(rng.choice([16, 32, 64]))
    texture = _tinted(base, octave_noise(rng, (TILE, TILE)), rng.uniform(0.05, 0.14))
    tints = rng.normal(1, rng.uniform(0.02, 0.09), (TILE // cell, TILE // cell)).astype(np.float32)
    texture *= np.kron(tints, np.ones((cell, cell), np.float32))[..., None]
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
    base = np.array([rng.uniform(60, 125), rng.uniform(105, 150), rng.uniform(35, 70)])
    texture = _tinted(base, octave_noise(rng, (TILE, TILE)), rng.uniform(0.15, 0.32))
    patches = np.clip(octave_noise(rng, (TILE, TILE), finest=8), 0, 1)[..., None]
    texture += patches * rng.uniform(0, 0.6) * (np.array([165, 140, 92], np.float32) - texture)
    if rng.random() < 0.3:
        texture[(np.arange(TILE) // 32) % 2 == 0] *= 1.14
    return texture


def _sand(rng: np.random.Generator) -> np.ndarray:
    base = np.array([214, 190, 148]) * rng.uniform(0.75, 1.08)
    noise = octave_noise(rng, (TILE, TILE))
    ripples = np.sin(np.arange(TILE)[:, None] * 2 * np.pi / 16 + 3 * noise)
    return _tinted(base, noise + rng.uniform(0, 0.6) * ripples, rng.uniform(0.06, 0.14))


def _water(rng: np.random.Generator) -> np.ndarray:
    base = np.array([rng.uniform(50, 110), rng.uniform(110, 160), rng.uniform(140, 190)])
    noise = octave_noise(rng, (TILE, TILE), finest=4)
    waves = np.sin(np.arange(TILE)[:, None] * 2 * np.pi / 32 + 5 * noise)
    texture = _tinted(base, waves, rng.uniform(0.08, 0.22))
    texture[waves > 0.93] = 0.5 * texture[waves > 0.93] + 118
    return texture


def _planks(rng: np.random.Generator) -> np.ndarray:
    base = np.array([165, 118, 74]) * rng.uniform(0.6, 1.2)
    noise = octave_noise(rng, (TILE, TILE))
    texture = _tinted(base, noise, rng.uniform(0.05, 0.12))
    texture *= np.repeat(rng.normal(1, 0.1, TILE // 16), 16)[:, None].astype(np.float32)[..., None]
    texture[::16] *= 0.6
    return texture if rng.random() < 0.5 else texture.transpose(1, 0, 2)


def _checks(rng: np.random.Generator) -> np.ndarray:
    cell = int(rng.choice([16, 32]))
    cells = np.indices((TILE // cell, TILE // cell)).sum(axis=0) % 2
    mask = np.kron(cells, np.ones((cell, cell))).astype(np.float32)[..., None]
    light, dark = rng.uniform(150, 225, 3), rng.uniform(60, 150, 3)
    texture = mask * light + (1 - mask) * dark
    return texture.astype(np.float32) * (1 + 0.06 * octave_noise(rng, (TILE, TILE))[..., None])


def _plain(rng: np.random.Generator) -> np.ndarray:
    grid = rng.uniform(60, 215, (3, 3, 3)) * 0.35 + rng.uniform(60, 215, 3) * 0.65
    texture = cv2.resize(grid.astype(np.float32), (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    return texture * (1 + rng.uniform(0.02, 0.3) * octave_noise(rng, (TILE, TILE))[..., None])


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


def draw_background(
    rng: np.random.Generator,
    size: tuple[int, int],
    *,
    ground: str,
    skyline: str,
    horizon: float,
    slope: float,
) -> np.ndarray:
    """Draw a scene that nobody has entered yet.

    Args:
        rng: source of the draws.
        size: (height, width), pixels.
        ground: a key of `GROUNDS`.
        skyline: one of `SKYLINES`, drawn above the horizon.
        horizon: row of the horizon, pixels; negative when above the picture.
        slope: height of a person per row below the horizon.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draw_background(
        ...     rng, (48, 64), ground="grass", skyline="sky", horizon=10.0, slope=0.3
        ... ).shape
        (48, 64, 3)
    """
    flat = GROUNDS[ground](rng).clip(0, 255).astype(np.uint8)
    picture = _lay_on_ground(rng, flat, size, horizon, slope)
    shade = 1 + rng.uniform(0.02, 0.12) * octave_noise(rng, size, finest=16)
    picture = picture * shade[..., None]
    if horizon > 1:
        _draw_skyline(rng, picture[: int(round(horizon))], skyline)
    return picture.clip(0, 255).astype(np.uint8)


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
    sharp = np.clip((person - 0.01) / 0.07, 0, 1)[:, None, None]
    return flat.mean(axis=(0, 1), dtype=np.float32) * (1 - sharp) + warped * sharp


def _draw_skyline(rng: np.random.Generator, band: np.ndarray, skyline: str) -> None:
    """Paint what stands above the horizon into `band` (h, W, 3), in place."""
    height, width = band.shape[:2]
    top = np.array([rng.uniform(70, 200), rng.uniform(130, 205), rng.uniform(190, 245)])
    low = np.array([225, 228, 230]) * rng.uniform(0.75, 1.05)
    ramp = np.linspace(0, 1, height)[:, None, None]
    band[:] = top * (1 - ramp) + low * ramp
    clouds = np.clip(octave_noise(rng, (height, width), finest=4), 0, 1)[..., None]
    band += clouds * rng.uniform(0, 1) * (240 - band)
    if skyline == "facade":
        _draw_facade(rng, band)
    elif skyline == "wall":
        noise = octave_noise(rng, (height, width))
        band[height // 4 :] = _tinted(rng.uniform(60, 200, 3), noise, 0.1)[height // 4 :]
    elif skyline == "trees":
        edge = height * (0.35 + 0.25 * octave_noise(rng, (1, width), finest=4)[0])
        leaves = np.arange(height)[:, None] > edge
        noise = octave_noise(rng, (height, width))
        green = np.array([rng.uniform(40, 90), rng.uniform(70, 115), rng.uniform(30, 60)])
        band[leaves] = _tinted(green, noise, 0.35)[leaves]


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
