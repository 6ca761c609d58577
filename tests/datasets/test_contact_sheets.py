import pytest
from PIL import Image

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
