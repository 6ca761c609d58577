import numpy as np
import pytest

from ops.dense_crf import dense_crf
from ops.guide_labels import (
    GuideSettings,
    choose_component_classes,
    draw_component_classes,
    guide_labels,
)

SIZE = (60, 80)
MODES = {"background": 0, "ignore": 255}


def likeliest(image, unary):
    return -unary


def boxes(*rectangles):
    """Draw (value, top, left, bottom, right), half-open."""
    canvas = np.zeros(SIZE)
    for value, top, left, bottom, right in rectangles:
        canvas[top:bottom, left:right] = value
    return canvas


def guide(seeds, salient, unlabelled="background", **options):
    """Label a scene of 60 x 80 from seeds drawn as (class, ...) and salient rectangles."""
    classes = sorted({each[0] for each in seeds})
    heat = [boxes(*(each for each in seeds if each[0] == c)) for c in classes]
    return guide_labels(
        np.zeros((*SIZE, 3), np.uint8),
        boxes(*((1, *each) for each in salient)),
        np.array(heat).reshape(-1, *SIZE),
        classes,
        settings=GuideSettings(unlabelled=unlabelled, **options),
        crf=likeliest,
    )


# Seeds, salient rectangles, labels; `u` is what becomes 0 or 255.
U = -1
TABLE = {
    "touched by one class, part of the seed outside": (
        [(5, 20, 10, 30, 30)],
        [(15, 20, 40, 40)],
        [(U, 20, 10, 30, 20), (5, 15, 20, 40, 40)],
    ),
    "touched by two classes": (
        [(5, 20, 10, 30, 20), (7, 20, 40, 30, 50)],  # middle at 30
        [(15, 5, 40, 55)],
        [(5, 15, 5, 40, 30), (7, 15, 30, 40, 55)],
    ),
    "touched by no seed": ([(5, 45, 60, 55, 70)], [(5, 5, 20, 20)],
                           [(U, 5, 5, 20, 20), (5, 45, 60, 55, 70)]),
    "seed that touches nothing": ([(5, 45, 60, 51, 66)], [], [(5, 45, 60, 51, 66)]),
    "neither salient nor seeded": ([], [], []),
    "salient speck of 47 pixels": ([], [(5, 5, 6, 52)], [(U, 5, 5, 6, 52)]),
    "salient component of 48 pixels": (
        [(5, 10, 6, 15, 11)],
        [(10, 5, 16, 13)],
        [(5, 10, 5, 16, 13)],
    ),
    "seed on a salient speck": (
        [(5, 10, 10, 16, 16)],
        [(14, 14, 20, 20)],  # 36 pixels
        [(U, 14, 14, 20, 20), (5, 10, 10, 16, 16)],
    ),
    "small seed outside": ([(5, 40, 60, 44, 64)], [], []),
    "small seed inside": ([(5, 12, 12, 16, 16)], [(10, 10, 30, 30)], [(U, 10, 10, 30, 30)]),
    "thin salient component": ([], [(0, 5, 60, 6)], [(U, 0, 5, 60, 6)]),
    "thin seed": ([(5, 20, 5, 21, 60)], [], []),
    "object at the top edge": ([(5, 5, 25, 15, 35)], [(0, 20, 20, 40)], [(5, 0, 20, 20, 40)]),
}  # fmt: skip


@pytest.mark.parametrize("unlabelled", MODES)
@pytest.mark.parametrize("row", TABLE)
def test_guide_labels_truth_table(row, unlabelled):
    seeds, salient, expected = TABLE[row]
    expected = boxes(*expected)
    expected[expected == U] = MODES[unlabelled]
    labels = guide(seeds, salient, unlabelled)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("unary", ["linear", "log"])
@pytest.mark.parametrize("edge", [26, 30, 36])
@pytest.mark.parametrize("classes", [(5, 7), (7, 5)])
def test_guide_labels_split_follows_the_edge(classes, edge, unary):
    # The seeds' middle is at 30, where a CRF without a picture would split.
    image = np.full((*SIZE, 3), 40, np.uint8)
    image[:, edge:] = 215
    left, right = boxes((1, 20, 10, 30, 20)), boxes((1, 20, 40, 30, 50))
    labels = guide_labels(
        image,
        boxes((1, 15, 5, 40, 55)),
        np.array([left, right]),
        classes,
        settings=GuideSettings(unary=unary),
        crf=dense_crf,
    )
    expected = boxes((classes[0], 15, 5, 40, edge), (classes[1], 15, edge, 40, 55))
    np.testing.assert_array_equal(labels, expected)


SEEDS, SALIENT = [(5, 22, 12, 28, 30), (7, 22, 42, 28, 48)], [(15, 20, 40, 50)]


def test_guide_labels_seeds_alone():
    expected = boxes(*SEEDS)
    np.testing.assert_array_equal(guide(SEEDS, SALIENT, rule="seeds"), expected)


def test_guide_labels_saliency_alone_needs_one_tag():
    salient = boxes((1, 15, 20, 40, 50), (1, 0, 0, 1, 1))
    args = [SALIENT[0], (0, 0, 1, 1)]
    np.testing.assert_array_equal(guide(SEEDS[:1], args, rule="saliency"), 5 * salient)
    ignored = guide(SEEDS, args, "ignore", rule="saliency")
    np.testing.assert_array_equal(ignored, 255 * salient)
    assert not guide(SEEDS, args, "background", rule="saliency").any()


def test_guide_labels_g0_of_one_tag_is_the_saliency():
    np.testing.assert_array_equal(guide(SEEDS[:1], SALIENT, rule="G0"), boxes((5, 15, 20, 40, 50)))


def test_guide_labels_g1_takes_the_hotter_class():
    # Inside the component 5 has 6 x 10 hot pixels, 7 has 6 x 6.
    np.testing.assert_array_equal(guide(SEEDS, SALIENT, rule="G1"), boxes((5, 15, 20, 40, 50)))


@pytest.mark.parametrize("rule", ["G0", "G1", "G2", "seeds", "saliency"])
def test_guide_labels_without_tags_have_no_class(rule):
    labels = guide([], SALIENT, "ignore", rule=rule)
    assert set(np.unique(labels)) <= {0, 255}


@pytest.mark.parametrize("rule", ["G0", "G1", "G2", "seeds", "saliency"])
def test_guide_labels_one_pixel(rule):
    image, one = np.zeros((1, 1, 3), np.uint8), np.ones((1, 1))
    labels = guide_labels(
        image, one, one[None], [9], settings=GuideSettings(rule=rule), crf=likeliest
    )
    # A single pixel is thin: neither component nor seed part.
    assert labels.tolist() == [[9 if rule in ("seeds", "saliency") else 0]]


def test_guide_labels_saliency_floor_empties_a_dim_picture():
    image, map_ = np.zeros((*SIZE, 3), np.uint8), boxes((0.1, 10, 10, 30, 30))
    settings = GuideSettings(rule="G0", saliency_floor=0.3)
    assert not guide_labels(image, map_, map_[None], [9], settings=settings).any()


def test_guide_labels_leave_their_inputs():
    heat, saliency = np.ones((1, *SIZE)), boxes((1, 5, 5, 20, 20))
    before = saliency.copy()
    guide_labels(np.zeros((*SIZE, 3), np.uint8), saliency, heat, [9], crf=likeliest)
    assert (heat == 1).all() and (saliency == before).all()


@pytest.mark.parametrize(
    "change, match",
    [
        ({"image": np.zeros((5, 5, 3), np.uint8)}, "`image` must be of the maps'"),
        ({"saliency": np.zeros((5, 5))}, "`saliency` must be a map"),
        ({"saliency": np.full((4, 6), np.nan)}, "finite and not negative"),
        ({"heat_maps": np.zeros((4, 6))}, "`heat_maps` must be"),
        ({"classes": [1, 2]}, "`classes` must be 1 different ids"),
        ({"crf": None}, "`crf` must be given with the rule G2"),
    ],
)
def test_guide_labels_bad_arguments(change, match):
    good = {
        "image": np.zeros((4, 6, 3), np.uint8),
        "saliency": np.zeros((4, 6)),
        "heat_maps": np.zeros((1, 4, 6)),
        "classes": [1],
        "crf": likeliest,
    }
    with pytest.raises(ValueError, match=match):
        guide_labels(**{**good, **change})


@pytest.mark.parametrize(
    "options, match",
    [
        ({"rule": "G3"}, "`rule` must be one of G0, G1, G2, seeds, saliency"),
        ({"unlabelled": "void"}, "`unlabelled` must be one of background, ignore"),
        ({"unary": "square"}, "`unary` must be one of linear, log"),
        ({"saliency_threshold": 50}, "`saliency_threshold` must be a share"),
        ({"seed_threshold": 20}, "`seed_threshold` must be a share"),
    ],
)
def test_guide_settings_refuse(options, match):
    with pytest.raises(ValueError, match=match):
        GuideSettings(**options)


def test_draw_component_classes_is_repeatable_and_fair():
    components = np.arange(201).reshape(1, -1)
    labels = draw_component_classes(components, [8, 3], seed=(1, 2))
    np.testing.assert_array_equal(labels, draw_component_classes(components, [3, 8], seed=(1, 2)))
    assert labels[0, 0] == 0 and set(labels[0, 1:]) == {3, 8}
    # 200 draws of 1/2: 100 with a standard deviation of sqrt(50) = 7.07, times 4.
    assert abs(np.count_nonzero(labels == 3) - 100) <= 28
    assert (labels != draw_component_classes(components, [3, 8], seed=(1, 3))).any()


def test_draw_component_classes_without_tags_or_components():
    assert draw_component_classes(np.array([[0, 1]]), [], seed=0).tolist() == [[0, 0]]
    assert draw_component_classes(np.zeros((2, 2), int), [4], seed=0).tolist() == [[0, 0], [0, 0]]


def test_choose_component_classes_by_mean_heat():
    # Component 1: class 9 has (.5 + .5) / 2, class 4 (.9 + 0) / 2. Component 2: 0 and .1.
    heat = np.array([[[0.5, 0.5, 1, 0]], [[0.9, 0, 1, 0.1]]])
    labels = choose_component_classes(np.array([[1, 1, 0, 2]]), heat, [9, 4])
    assert labels.tolist() == [[9, 9, 0, 4]]


def test_choose_component_classes_tie_goes_to_the_lower_id():
    labels = choose_component_classes(np.array([[1]]), np.zeros((2, 1, 1)), [9, 4])
    assert labels.tolist() == [[4]]


def test_choose_component_classes_without_tags():
    assert choose_component_classes(np.array([[0, 1]]), np.zeros((0, 1, 2)), []).tolist() == [
        [0, 0]
    ]
