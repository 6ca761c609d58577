import numpy as np
import pytest
from PIL import Image

from datasets.records import ShotRecord
from datasets.sample_order import make_ordered_dataset
from datasets.shot_cam_pipeline import choose_frames, make_cam_sample_loader, make_shot_order
from datasets.shot_pictures import ShotPictures
from ops.temporal_cams import TemporalSettings

NAMES = ("cat", "rat")
SIZE, RESIZED = 12, 16
INSTANT = TemporalSettings(n=0, mode="instant")


@pytest.fixture
def shots(tmp_path):
    """Give shots of 1, 2 and 4 frames: red tells the shot, green the frame, blue the column."""
    made = []
    for place, num_frames in enumerate((1, 2, 4)):
        frames = []
        for frame in range(num_frames):
            pixels = np.zeros((RESIZED, RESIZED, 3), np.uint8)
            pixels[..., 0], pixels[..., 1] = 50 * place, 50 * frame
            pixels[..., 2] = 10 * np.arange(RESIZED)
            path = tmp_path / f"{place}_{frame}.png"
            Image.fromarray(pixels).save(path)
            frames.append(path)
        made.append(ShotRecord(f"{place}", tuple(frames), 1 + place % 2, NAMES))
    return made


def open_shots(shots, **options):
    return ShotPictures(shots, SIZE, resize_size=RESIZED, max_pixels=10_000, **options)


def list_shown(images):
    """Return the (shot, frame) that images show."""
    return [tuple(int(round(float(x) * 255 / 50)) for x in image[0, 0, :2]) for image in images]


def read_cams(shot):
    """Give maps of the frames' size whose values are 1 / 255 of the column, for every frame."""
    ramp = np.tile(10 * np.arange(RESIZED) / 255, (RESIZED, 1))
    return np.stack([ramp] * len(shot.frames)).astype(np.float32)


def make_cam_batches(shots, read, settings, epochs=1, frames_per_shot=1):
    pictures = open_shots(shots, frames_per_shot=frames_per_shot)
    return list(
        make_ordered_dataset(
            make_shot_order(pictures, seed=5),
            make_cam_sample_loader(pictures, read, settings=settings),
            batch_size=3,
            steps_per_epoch=frames_per_shot,
            epochs=epochs,
            seed=5,
        )
    )


def test_crop_and_flip_move_frame_and_map_alike(shots):
    batches = make_cam_batches(shots, read_cams, INSTANT, epochs=6)
    corners = set()
    for batch in batches:
        assert batch["image"].shape == (3, SIZE, SIZE, 3) and batch["cam"].shape == (
            3,
            SIZE,
            SIZE,
            1,
        )
        np.testing.assert_allclose(batch["image"][..., 2:], batch["cam"], atol=1e-6)
        corners |= {round(float(value) * 25.5) for value in batch["cam"][:, 0, 0, 0]}
    # Windows of 12 of 16 columns start at column 0..4, mirrored ones at 11..15.
    assert min(corners) < 5 and max(corners) > 10


def test_maps_of_neighbours_are_joined_within_the_shot(shots):
    def read(shot):  # frame i has the value i / 10 everywhere
        return np.broadcast_to(
            np.arange(len(shot.frames))[:, None, None] / 10, (len(shot.frames), 4, 4)
        )

    batches = make_cam_batches(shots, read, TemporalSettings(n=1, mode="after"), epochs=20)
    seen = set()
    for batch in batches:
        shown = list_shown(batch["image"])
        for (shot, frame), cam in zip(shown, batch["cam"].numpy(), strict=True):
            last = len(shots[shot].frames) - 1
            np.testing.assert_allclose(cam, min(frame + 1, last) / 10, atol=1e-6)
            seen.add((shot, frame))
    assert len(seen) == 7


def test_the_heat_is_that_of_the_epoch(shots):
    def read(shot):
        return np.stack([np.array([[0.0, 1.0]])] * len(shot.frames))

    settings = TemporalSettings(n=1, mode="before", heat=4.0, uniform_from=4)
    batches = make_cam_batches(shots, read, settings, epochs=6)
    # The coldest place of a map of 0 and 1 is exp(-heat) with heat 4, 3, 2, 1, and then none: 0.
    found = [float(batch["cam"].numpy().min()) for batch in batches]
    expected = [np.exp(-4), np.exp(-3), np.exp(-2), np.exp(-1), 0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_maps_that_are_not_one_a_frame_are_named(shots):
    with pytest.raises(Exception, match="maps of the shot . must be .T, h, w."):
        make_cam_batches(shots, lambda shot: np.ones((9, 4, 4)), INSTANT)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 5, 1), [0, 1, 2]),
        ((2, 5, 1), [1, 2, 3]),
        ((4, 5, 1), [2, 3, 4]),
        ((1, 3, 2), [0, 1, 2, 2, 2]),
        ((0, 1, 1), [0, 0, 0]),
        ((3, 5, 0), [3]),
    ],
)
def test_frames_around_one_lie_in_the_shot(arguments, expected):
    assert choose_frames(*arguments) == expected


def test_a_sample_of_several_frames_shows_one_window_of_each(shots):
    pictures = open_shots(shots)
    batches = make_ordered_dataset(
        make_shot_order(pictures, seed=5),
        make_cam_sample_loader(pictures, read_cams, settings=INSTANT, side_frames=1),
        batch_size=3,
        steps_per_epoch=1,
        epochs=8,
        seed=5,
    )
    windows = set()
    for batch in batches:
        assert batch["image"].shape == (3, 3, SIZE, SIZE, 3)
        np.testing.assert_allclose(batch["image"][..., 2:], batch["cam"], atol=1e-6)
        for sample in batch["image"].numpy():
            (shot, *_), frames = zip(*list_shown(sample), strict=True)
            windows.add((shot, frames))
            np.testing.assert_array_equal(sample[0, ..., 2], sample[2, ..., 2])
    # Shots of 1, 2 and 4 frames.
    expected = {(0, (0, 0, 0)), (1, (0, 1, 1)), (2, (0, 1, 2)), (2, (1, 2, 3))}
    assert windows == expected


def test_fewer_than_no_frames_are_refused(shots):
    with pytest.raises(ValueError, match="`side_frames` must be at least 0"):
        make_cam_sample_loader(open_shots(shots), read_cams, settings=INSTANT, side_frames=-1)
