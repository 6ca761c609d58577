import pytest

from ops.opencv import cv2, import_opencv


def test_import_opencv_gives_the_module():
    assert import_opencv() is cv2


def test_import_opencv_names_the_system_packages_when_it_fails():
    with pytest.raises(ImportError, match="apt-get install libgl1 libglib2.0-0"):
        import_opencv("no_such_cv2")
