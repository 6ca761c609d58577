import numpy as np

from ops.palettes import voc_palette


def test_voc_palette_has_the_published_colours():
    palette = voc_palette()
    # aeroplane, bicycle, bird, boat, person (15), tv monitor (20), void
    assert palette[[1, 2, 3, 4, 15, 20]].tolist() == [
        [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128], [192, 128, 128], [0, 64, 128],
    ]  # fmt: skip
    assert palette[255].tolist() == [224, 224, 192]
    assert len(np.unique(palette, axis=0)) == 256
