"""Draws and repaints pictures by KerasHub's Stable Diffusion 3, which is an optional extra."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from config.errors import InputError
from datasets.diffusion_settings import DiffusionSettings
from datasets.preset_files import (
    cached_folder,
    digest_files,
    list_preset_files,
    missing_file,
    tell_size,
)

INSTALL = "pip install -r requirements-diffusion.txt"
_CELL = 8  # pixels a side of one cell of the latent picture
# KerasHub's inpainting fails at a guidance of 1 or less; this is none to seven digits.
_NO_GUIDANCE = 1.000001


class Painter(Protocol):
    """Draws pictures from prompts; the same call gives the same picture.

    Attributes:
        identity: plain JSON that differs where two painters draw other pictures.
        size: (height, width) of its pictures, pixels.
        cell: side in pixels of what a mask is rounded to.

    Example:
        >>> # see `open_stable_diffusion`
    """

    identity: dict[str, Any]
    size: tuple[int, int]
    cell: int

    def draw(self, prompt: str, negative_prompt: str, seed: int) -> np.ndarray:
        """Draw a picture, (H, W, 3) uint8 RGB."""

    def repaint(
        self, image: np.ndarray, mask: np.ndarray, prompt: str, negative_prompt: str, seed: int
    ) -> np.ndarray:
        """Repaint a picture (H, W, 3) uint8 RGB where the mask (H, W) is True."""


class StableDiffusion:
    """Stable Diffusion 3 from a folder; it is loaded when the first picture is asked for.

    Args:
        folder: the preset's folder, as KerasHub saves it.
        settings: size, precision, steps, guidance and strength.
        name: of the preset.

    Attributes:
        identity: the preset, a digest of its files, KerasHub's version and the precision.
        size: (height, width) of its pictures, pixels.
        cell: side in pixels of what a mask is rounded to.

    Raises:
        InputError: a file of the preset is missing, or KerasHub is not installed.

    Example:
        >>> # see `open_stable_diffusion`
    """

    cell = _CELL

    def __init__(self, folder: Path, settings: DiffusionSettings, *, name: str):
        files = list_preset_files(folder)
        self._hub = import_keras_hub()
        self._folder, self._settings = Path(folder), settings
        self.size = settings.image_size
        self.identity = {
            "preset": name,
            "weights": digest_files(self._folder, files),
            "keras_hub": self._hub.__version__,
            "precision": settings.precision,
        }

    def draw(self, prompt: str, negative_prompt: str, seed: int) -> np.ndarray:
        """Draw a picture.

        Args:
            prompt: what shall be seen.
            negative_prompt: what shall not be seen.
            seed: same seed, same picture on one machine.

        Returns:
            (H, W, 3) uint8 RGB of the size of the settings.

        Raises:
            InputError: the preset cannot be loaded, or the memory does not suffice.

        Example:
            >>> # see `open_stable_diffusion`
        """
        asked = {"prompts": [prompt], "negative_prompts": [negative_prompt]}
        options = {"num_steps": self._settings.steps, "guidance_scale": self._settings.guidance}
        with _told_memory(self._settings):
            return self._generator.generate(asked, seed=seed, **options)[0]

    def repaint(
        self, image: np.ndarray, mask: np.ndarray, prompt: str, negative_prompt: str, seed: int
    ) -> np.ndarray:
        """Repaint a part of a picture; the rest comes back as the model's decoder sees it.

        Args:
            image: (H, W, 3) uint8 RGB of the size of the settings.
            mask: (H, W) bool, True where it is repainted, in whole cells of 8 x 8 pixels.
            prompt: what shall be seen there.
            negative_prompt: what shall not be seen there.
            seed: same seed, same picture on one machine.

        Returns:
            (H, W, 3) uint8 RGB.

        Raises:
            InputError: the preset cannot be loaded, or the memory does not suffice.

        Example:
            >>> # see `open_stable_diffusion`
        """
        with _told_memory(self._settings):
            return self._repaint(image, mask, (prompt, negative_prompt), seed)

    def _repaint(
        self, image: np.ndarray, mask: np.ndarray, prompts: tuple[str, str], seed: int
    ) -> np.ndarray:
        inpainter = self._inpainter
        # The encoder samples, from a generator that goes on from call to call.
        sampler = inpainter.backbone.vae.distribution_sampler
        sampler.seed_generator.state.assign([seed, 0])
        asked = {
            "images": image[None].astype(np.float32) / 127.5 - 1,
            "masks": mask[None],
            "prompts": [prompts[0]],
            "negative_prompts": [prompts[1]],
        }
        return inpainter.generate(
            asked,
            num_steps=self._settings.steps,
            strength=self._settings.strength,
            guidance_scale=max(self._settings.guidance, _NO_GUIDANCE),
            seed=seed,
        )[0]

    @cached_property
    def _generator(self) -> Any:
        try:
            return self._hub.models.StableDiffusion3TextToImage.from_preset(
                str(self._folder),
                image_shape=(*self._settings.image_size, 3),
                dtype=self._settings.precision,
            )
        except (ValueError, TypeError, KeyError, OSError, RuntimeError) as error:
            raise InputError(
                f"`{self._folder}` must be a preset that KerasHub {self._hub.__version__} can "
                f"load. Loading says: {str(error)[:500]}"
            ) from error

    @cached_property
    def _inpainter(self) -> Any:
        task = self._generator
        return self._hub.models.StableDiffusion3Inpaint(task.backbone, task.preprocessor)


def open_stable_diffusion(settings: DiffusionSettings) -> StableDiffusion:
    """Find the weights that settings name; nothing is fetched that was not asked for.

    Args:
        settings: with the preset.

    Returns:
        A painter that loads them when it is first used.

    Raises:
        InputError: KerasHub is not installed, there is no such preset, or its files are missing;
            it says which, how large they are and where to put them.

    Example:
        >>> open_stable_diffusion(DiffusionSettings(preset="./absent"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `absent/config.json` is missing (a few MB at most). Put the \
preset's files there: config.json, preprocessor.json, assets/ and model.weights.h5, or give \
`--preset FOLDER` of another place.
    """
    name = settings.preset
    folder = Path(name).expanduser()
    if folder.is_dir() or len(folder.parts) > 1 or name.startswith((".", "~")):
        return StableDiffusion(folder, settings, name=folder.resolve().name)
    presets = import_keras_hub().models.StableDiffusion3Backbone.presets
    if name not in presets:
        raise InputError(
            f"`preset` (`--preset`) must be a folder or one of {', '.join(presets)}. "
            f"Received {name!r}."
        )
    return StableDiffusion(find_preset(name, presets[name], settings.download), settings, name=name)


def find_preset(name: str, row: dict, download: bool) -> Path:
    """Find a preset of KerasHub's on this machine, or fetch it where that is allowed.

    Args:
        name: of the preset.
        row: KerasHub's entry, with "kaggle_handle" and "metadata".
        download: fetch it where it is not there.

    Returns:
        Its folder.

    Raises:
        InputError: it is not there, or cannot be fetched.

    Example:
        >>> # see `open_stable_diffusion`
    """
    folder, size = cached_folder(row["kaggle_handle"]), row["metadata"].get("params", 0)
    page = "https://www.kaggle.com/models/" + "/".join(folder.parts[-5:-3])
    if folder.is_dir() and not download:
        list_preset_files(folder, num_parameters=size)
        return folder
    if not download:
        raise missing_file(
            folder / "model.weights.h5",
            tell_size(size),
            cure=f"They come from {page} under a licence of their own; `--download` fetches them.",
        )
    try:
        kagglehub = importlib.import_module("kagglehub")
        handle = row["kaggle_handle"].removeprefix("kaggle://")
        return Path(kagglehub.model_download(handle))
    except Exception as error:  # the client has many; the user needs its words and another way
        raise InputError(
            f"`{name}` ({tell_size(size)}) could not be fetched: {str(error)[:300]}. Accept the "
            f"licence at {page} and log in to Kaggle, or put the files into `{folder}`."
        ) from error


def import_keras_hub() -> ModuleType:
    """Import KerasHub and its tokenizer.

    Returns:
        The module.

    Raises:
        InputError: one of them cannot be imported.

    Example:
        >>> # see `open_stable_diffusion`
    """
    try:
        importlib.import_module("tensorflow_text")  # without it KerasHub fails later, with a riddle
        return importlib.import_module("keras_hub")
    except ImportError as error:
        raise InputError(
            f"KerasHub must be installed for `--method diffusion`: `{INSTALL}`. Importing says: "
            f"{error}"
        ) from error


@contextmanager
def _told_memory(settings: DiffusionSettings) -> Iterator[None]:
    """Say what helps where the memory does not suffice."""
    errors = importlib.import_module("tensorflow").errors
    try:
        yield
    except errors.ResourceExhaustedError as error:
        raise InputError(
            f"`--preset {settings.preset}` must fit the memory of the device. It does not at "
            f"`--image_size` {settings.image_size[0]} {settings.image_size[1]} and `--precision` "
            f"{settings.precision}; take smaller pictures, half precision or a larger device."
        ) from error
