import os
from argparse import Namespace
from dataclasses import replace

import pytest
from PIL import Image

from datasets.cam_store import CamStore
from datasets.records import TagRecord
from finetuning.guided_segmentation.stages import HEAT_MAPS, MASK_FIELDS, SALIENCY, Chain


@pytest.fixture
def chain(tmp_path):
    """Two pictures with masks, in a run that has no stage yet."""
    records = []
    for name in ("1.png", "2.png"):
        for folder in ("zoo", "masks"):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.new("L", (4, 3)).save(tmp_path / folder / name)
        picture = TagRecord(tmp_path / "zoo" / name, (1,), ("cat", "rat"))
        records.append(replace(picture, mask=tmp_path / "masks" / name, mask_classes=(1, 2)))
    args = Namespace(data_dir=str(tmp_path), experiment_dir=str(tmp_path), experiment="e")
    return Chain(args, None, tmp_path / "run", records, 1, ("cat", "rat"))


def test_digest_pictures_holds_what_mask_values_mean(chain):
    other = [replace(record, mask_classes=(2, 1)) for record in chain.records]
    swapped = replace(chain, records=other)
    assert chain.digest_pictures(*MASK_FIELDS) != swapped.digest_pictures(*MASK_FIELDS)
    assert chain.digest_pictures("tags") == swapped.digest_pictures("tags")


@pytest.mark.parametrize("field", ["image", "mask"])
def test_digest_pictures_tells_a_file_of_the_same_size_from_the_one_before(chain, field):
    before = chain.digest_pictures("mask")
    assert chain.digest_pictures("mask") == before
    path = getattr(chain.records[1], field)
    size = path.stat().st_size
    Image.new("L", (4, 3), 0).save(path)
    os.utime(path, ns=(10**18, 10**18))
    assert path.stat().st_size == size and chain.digest_pictures("mask") != before


def write_files(chain, stage, folder):
    if stage == HEAT_MAPS:
        store = CamStore(folder, {})
        for name in chain.names:
            store.write(name, [[[0.5]]], [1])
    else:
        for path in chain.list_files(stage):
            path.parent.mkdir(exist_ok=True)
            Image.new("L", (4, 3)).save(path)


@pytest.mark.parametrize("stage", [HEAT_MAPS, SALIENCY])
def test_a_stage_that_lost_a_file_has_to_be_run_again(chain, stage, caplog):
    folder = chain.open_stage(stage, {})
    write_files(chain, stage, folder.folder)
    folder.finish({"done": 1})
    assert chain.open_stage(stage, {}).told == {"done": 1}
    chain.list_files(stage)[1].unlink()
    assert chain.open_stage(stage, {}).told is None
    assert "lost 1 of its files" in caplog.text
    assert chain.list_files(stage)[0].is_file()  # the others stay
