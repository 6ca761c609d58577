import pytest
from PIL import Image

from config.files import write_json
from datasets.contact_sheets import write_contact_sheet
from datasets.synthetic_files import NOISY, RANKED, TEST, SceneSettings, write_sets


@pytest.mark.parametrize(("name", "columns"), [(RANKED, 3), (NOISY, 6), (TEST, 6)])
def test_write_contact_sheet_shows_a_grid(tmp_path, name, columns):
    write_sets(tmp_path, {name: 9}, SceneSettings(image_size=(48, 64), max_count=5))
    path = write_contact_sheet(tmp_path, name)
    with Image.open(path) as page:
        # Pairs are two pictures and a gap of 3; each cell has a margin of 16.
        cell = (2 * 64 + 3 if name == RANKED else 64) + 16
        assert page.width == 16 + columns * cell
        assert len(page.getcolors(1 << 20)) > 100


def test_write_contact_sheet_takes_fewer_records_than_columns(tmp_path):
    write_sets(tmp_path, {TEST: 1}, SceneSettings(image_size=(48, 64)))
    with Image.open(write_contact_sheet(tmp_path, TEST)) as page:
        assert page.width == 16 + 64 + 16


def write_chains(tmp_path, num, sizes):
    """Write chains with a picture of each of `sizes` (width, height), the last one to validate."""
    (tmp_path / "made").mkdir()
    items = []
    for chain in range(num):
        names = [f"made/{chain}_{place}.jpg" for place in range(len(sizes))]
        for name, size in zip(names, sizes, strict=True):
            Image.new("RGB", size, "red").save(tmp_path / name)
        items.append({"images": names, "info": {"type": "crops"}})
    listed = {"train": items[:-1], "val": items[-1:]}
    write_json(listed, tmp_path / "made" / "annotations.json")


def test_write_contact_sheet_puts_a_chain_in_each_row(tmp_path):
    write_chains(tmp_path, 9, [(64, 48), (32, 24), (64, 48), (16, 12)])
    with Image.open(write_contact_sheet(tmp_path, "made", subtitle="crops")) as page:
        assert page.width == 16 + 4 * 64 + 3 * 3 + 16  # four pictures with gaps of 3 and a margin
        assert page.height == 16 + 34 + 6 * (48 + 22 + 8)  # six of the nine chains


def test_write_contact_sheet_makes_large_pictures_smaller(tmp_path):
    write_chains(tmp_path, 2, [(1024, 768), (300, 600)])
    with Image.open(write_contact_sheet(tmp_path, "made")) as page:
        # 1024 x 768 becomes 256 x 192, 300 x 600 becomes 128 x 256; cells are as large as both.
        assert page.size == (16 + 2 * (2 * 256 + 3 + 16), 16 + 34 + 256 + 22 + 8)


def test_write_contact_sheet_needs_no_true_counts_of_counted_pictures(tmp_path):
    (tmp_path / "made").mkdir()
    Image.new("RGB", (30, 40)).save(tmp_path / "made" / "a.jpg")
    write_json([{"image": "made/a.jpg", "count": 3}], tmp_path / "made" / "annotations.json")
    assert write_contact_sheet(tmp_path, "made").is_file()
