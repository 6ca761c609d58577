from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from finetuning.guided_segmentation.fitting import _weigh_classes


def weigh(folder, values, class_balance):
    guides = []
    for number, value in enumerate(values):
        guides.append(folder / f"{number}.png")
        Image.fromarray(np.full((2, 2), value, np.uint8)).save(guides[-1])
    chain = SimpleNamespace(
        params=SimpleNamespace(class_balance=class_balance, max_pixels=100),
        args=SimpleNamespace(workers=1),
        class_names=("cat", "rat"),
    )
    return _weigh_classes(chain, guides)


@pytest.mark.parametrize("class_balance", [0.0, 0.5])
def test_guides_that_are_all_ignored_are_refused(tmp_path, class_balance):
    message = r"0.png` and the other 1 guide labels .* must label a pixel. All are 255"
    with pytest.raises(InputError, match=message):
        weigh(tmp_path, [255, 255], class_balance)


def test_one_label_among_the_guides_is_enough(tmp_path):
    assert weigh(tmp_path, [255, 1], 0.0) is None
    assert weigh(tmp_path, [255, 1], 1.0) == (1, 1, 1)  # the only label there is
