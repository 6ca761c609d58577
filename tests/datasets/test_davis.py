import pytest
from PIL import Image

from config.errors import InputError
from datasets.davis import list_davis_shots


def write_sequence(root, name, numbers, masked=(), resolution="480p"):
    for kind, chosen, suffix in (("JPEGImages", numbers, "jpg"), ("Annotations", masked, "png")):
        folder = root / kind / resolution / name
        folder.mkdir(parents=True)
        for number in chosen:
            Image.new("L", (4, 3)).save(folder / f"{number:05d}.{suffix}")


def test_frames_go_with_the_masks_of_their_names(tmp_path):
    write_sequence(tmp_path / "d" / "DAVIS", "goat", (0, 2, 10), masked=(0, 10, 12))
    write_sequence(tmp_path / "d" / "DAVIS", "camel", (0,))
    camel, goat = list_davis_shots(tmp_path, "d")
    assert (goat.name, goat.tag, goat.split) == ("d/goat", "goat", None)
    assert [frame.stem for frame in goat.frames] == ["00000", "00002", "00010"]
    assert [mask and mask.name for mask in goat.masks] == ["00000.png", None, "00010.png"]
    assert len(camel.frames) == 1 and camel.masks == ()


def test_480p_goes_before_other_resolutions(tmp_path):
    write_sequence(tmp_path / "d", "goat", (0,), resolution="1080p")
    assert list_davis_shots(tmp_path, "d")[0].frames[0].parts[-3] == "1080p"
    write_sequence(tmp_path / "d", "goat", (0,))
    assert list_davis_shots(tmp_path, "d")[0].frames[0].parts[-3] == "480p"


def test_sequences_may_lie_in_no_folder_of_a_resolution(tmp_path):
    write_sequence(tmp_path / "d", "goat", (0,), masked=(0,), resolution=".")
    shot = list_davis_shots(tmp_path, "d")[0]
    assert shot.masks == (tmp_path / "d" / "Annotations" / "goat" / "00000.png",)


def test_a_sequence_without_frames_has_none(tmp_path):
    write_sequence(tmp_path / "d", "goat", ())
    assert list_davis_shots(tmp_path, "d")[0].frames == ()


def test_another_layout_is_refused(tmp_path):
    (tmp_path / "d" / "goat").mkdir(parents=True)
    with pytest.raises(InputError, match="must hold a folder `JPEGImages`"):
        list_davis_shots(tmp_path, "d")
