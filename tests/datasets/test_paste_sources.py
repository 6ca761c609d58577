from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.paste_layout import PasteSettings
from datasets.paste_sources import read_background, read_source
from datasets.source_photos import SourcePhoto


def write_photo(tmp_path, num=9):
    """Write a photo of 90 x 120 pixels with bright discs of radius 5, with mask and points."""
    rng, rows, columns = np.random.default_rng(0), *np.indices((90, 120))
    image, mask = rng.integers(40, 60, (90, 120, 3)).astype(np.uint8), np.zeros((90, 120), np.uint8)
    points = np.array([[15.0 + 28 * (i // 4), 15.0 + 28 * (i % 4)] for i in range(num)])
    for i, (row, column) in enumerate(points.reshape(-1, 2), start=1):
        mask[np.hypot(rows - row, columns - column) <= 5] = i
    image[mask > 0] = (230, 200, 180)
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return SourcePhoto(tmp_path / "a.png", "a.png"), points, mask


SETTINGS = PasteSettings()


def test_read_source_cuts_masked_objects_out_and_fills_their_places(tmp_path):
    photo, _, mask = write_photo(tmp_path)
    source = read_source(replace(photo, mask=tmp_path / "mask.png"), SETTINGS)
    assert len(source.cut_outs) == 9 and {cut.size for cut in source.cut_outs} <= {(9, 9), (11, 11)}
    assert source.plain.max() < 70 and source.plain.dtype == np.uint8
    far = np.ones((90, 120), bool)
    far[source.objects] = False
    np.testing.assert_array_equal(source.plain[far], source.image[far])
    assert (source.objects[mask > 0]).all()


def test_read_source_of_dots_on_a_smooth_ground(tmp_path):
    photo, points, _ = write_photo(tmp_path)
    settings = replace(SETTINGS, background="ground")
    source = read_source(replace(photo, points=points), settings)
    assert len(source.cut_outs) == 9
    for cut in source.cut_outs:
        core = cut.pixels[cut.alpha > 0.9]
        np.testing.assert_allclose(core, np.broadcast_to((230, 200, 180), core.shape), atol=12)
        assert 9 <= cut.size[0] <= 14
    assert source.plain.dtype == np.float32
    np.testing.assert_allclose(source.plain, 49.5, atol=3)


def test_draw_background_of_a_smooth_ground_has_grain_and_hangs_on_the_generator(tmp_path):
    photo, points, _ = write_photo(tmp_path)
    source = read_source(replace(photo, points=points), replace(SETTINGS, background="ground"))
    first, again, other = (
        source.draw_background(np.random.default_rng(seed), mirrored=True) for seed in (0, 0, 1)
    )
    # 40 to 59 alike: a standard deviation of sqrt((20^2 - 1) / 12) = 5.8.
    assert first.std() == pytest.approx(5.8, abs=1) and first.max() < 75
    assert (first == again).all() and (first != other).any()


def test_draw_background_mirrors_a_place_left_and_right_only(tmp_path):
    photo, _, _ = write_photo(tmp_path)
    source = read_source(replace(photo, mask=tmp_path / "mask.png"), SETTINGS)
    seen = {source.draw_background(np.random.default_rng(s), mirrored=True).tobytes()
            for s in range(12)}  # fmt: skip
    assert seen == {source.plain.tobytes(), source.plain[:, ::-1].tobytes()}
    still = source.draw_background(np.random.default_rng(0), mirrored=False)
    np.testing.assert_array_equal(still, source.plain)


def test_read_source_for_other_backgrounds_inpaints_nothing(tmp_path):
    photo, _, _ = write_photo(tmp_path)
    settings = replace(SETTINGS, backgrounds="elsewhere", background="ground")
    source = read_source(replace(photo, mask=tmp_path / "mask.png"), settings)
    np.testing.assert_array_equal(source.plain, source.image)
    assert len(source.cut_outs) == 9


def test_read_source_without_an_object_has_no_cut_outs(tmp_path):
    photo, _, _ = write_photo(tmp_path, num=0)
    source = read_source(replace(photo, points=np.zeros((0, 2))), SETTINGS)
    assert source.cut_outs == () and (source.plain == source.image).all()


def test_read_source_refuses_a_mask_of_the_whole_photo(tmp_path):
    photo, _, _ = write_photo(tmp_path)
    Image.fromarray(np.ones((90, 120), np.uint8)).save(tmp_path / "all.png")
    with pytest.raises(InputError, match="a.png. must show something besides its objects"):
        read_source(replace(photo, mask=tmp_path / "all.png"), SETTINGS)


def test_read_background_reduces_and_never_enlarges(tmp_path):
    photo, _, _ = write_photo(tmp_path)
    assert read_background(photo, SETTINGS).shape == (90, 120, 3)
    small = replace(SETTINGS, image_size=(30, 100))
    assert read_background(photo, small).shape == (30, 40, 3)
