import numpy as np
import pytest

from datasets.scene_clutter import CLUTTER_KINDS, clutter_polygons, sample_clutter


@pytest.mark.parametrize("kind", range(len(CLUTTER_KINDS)))
def test_every_kind_of_clutter_stands_on_its_foot(kind):
    places = np.full(20, 100.0)
    things = sample_clutter(np.random.default_rng(kind), places, places, np.full(20, 40.0))
    things["kind"] = kind
    for thing in things:
        parts = clutter_polygons(thing)
        vertices = np.concatenate([polygon for polygon, _ in parts])
        assert np.isfinite(vertices).all()
        # Nothing is taller than five people, and nothing reaches far below the foot.
        assert 100 - 5 * 40 < vertices[:, 1].min() < 100
        assert vertices[:, 1].max() <= 100 + 0.5 * 40
