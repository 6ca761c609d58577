import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from PIL import Image

from reporting.canvas import new_figure
from reporting.figures import (
    MAX_BINS,
    bin_counts,
    draw_count_scatter,
    draw_error_boxplot,
    draw_patch_counts,
)


def labels_and_members(counts, **options):
    bins = bin_counts(counts, **options)
    return {bins.label(i): members.tolist() for i, members in enumerate(bins.members)}


def test_bin_counts_puts_an_edge_into_the_upper_bin():
    assert labels_and_members([0, 19.5, 20, 39]) == {"0–20": [0, 1], "20–40": [2, 3]}


def test_bin_counts_starts_at_the_smallest_count_and_keeps_gaps():
    assert labels_and_members([100, 141]) == {"100–120": [0], "120–140": [], "140–160": [1]}


@pytest.mark.parametrize("top", [10, 321, 1499, 1500, 1501, 3139, 12865, 10**9])
def test_bin_counts_labels_agree_with_bins_for_any_count(top):
    counts = np.random.default_rng(0).uniform(0, top, 200)
    bins = bin_counts(counts)
    assert len(bins.members) <= MAX_BINS
    assert sum(map(len, bins.members)) == 200
    for i, members in enumerate(bins.members):
        lower, upper = map(int, bins.label(i).split("–"))
        assert ((counts[members] >= lower) & (counts[members] < upper)).all()


def test_bin_counts_merges_only_when_there_are_too_many():
    # 0 to 319 fill 16 bins of 20; 320 needs a 17th, so two merge to 40.
    assert bin_counts([0, 319]).width == 20
    assert bin_counts([0, 320]).width == 40


@pytest.mark.parametrize("counts", [[], [np.nan], [-1]])
def test_bin_counts_refuses_counts_without_a_bin(counts):
    with pytest.raises(ValueError, match="`counts` must hold at least one count"):
        bin_counts(counts)


def test_bin_counts_refuses_a_width_of_zero():
    with pytest.raises(ValueError, match="`bin_width` must be at least 1 object. Received 0"):
        bin_counts([1], bin_width=0)


@pytest.mark.parametrize("draw", [draw_error_boxplot, draw_count_scatter])
@pytest.mark.parametrize("counts", [[5], [0, 0, 0], [3, 1700, 40]])
def test_draw_writes_a_picture(draw, counts, tmp_path):
    path = draw(counts, [count + 1 for count in counts], tmp_path / "new" / "a.png")
    with Image.open(path) as picture:
        assert min(picture.size) > 300
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("draw", [draw_error_boxplot, draw_count_scatter])
def test_draw_refuses_other_lengths_and_nan(draw, tmp_path):
    with pytest.raises(ValueError, match="a number for each picture.*Received 2 and 1"):
        draw([1, 2], [1], tmp_path / "a.png")
    with pytest.raises(ValueError, match="Received 0 and 0"):
        draw([], [], tmp_path / "a.png")
    with pytest.raises(ValueError, match="must be finite"):
        draw([1], [np.nan], tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("height", "width", "num"), [(1, 1, 1), (7, 5, 3), (90, 300, 4)])
def test_draw_patch_counts_takes_any_picture(height, width, num, tmp_path):
    image = np.zeros((height, width, 3), np.uint8)
    path = draw_patch_counts(image, np.zeros(num * num), tmp_path / "a.png", caption="true 3")
    assert path.stat().st_size > 0


def test_draw_patch_counts_shows_a_large_picture_in_its_own_pixels(tmp_path):
    image = np.full((2000, 4000, 3), 255, np.uint8)
    path = draw_patch_counts(image, [1, 2, 3, 4], tmp_path / "a.png")
    with Image.open(path) as picture:
        assert max(picture.size) < 1400


def test_draw_patch_counts_refuses_a_number_that_is_no_square(tmp_path):
    with pytest.raises(ValueError, match="N x N counts.*Received 3"):
        draw_patch_counts(np.zeros((9, 9, 3), np.uint8), [1, 2, 3], tmp_path / "a.png")
    with pytest.raises(ValueError, match="Received 0"):
        draw_patch_counts(np.zeros((9, 9, 3), np.uint8), [], tmp_path / "a.png")


def test_figures_leave_no_global_state(tmp_path):
    draw_count_scatter([1], [1], tmp_path / "a.png")
    assert Gcf.get_num_fig_managers() == 0
    assert new_figure(1, 1).get_axes() == []
