import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.dense_crf import dense_crf_loss
from ops.graph_lattices import build_bilateral_lattice
from ops.lattice import Lattice
from ops.permutohedral import permutohedral_filter


def two_tone(side=8):
    image = np.full((1, side, side, 3), 60, np.uint8)
    image[:, :, side // 2 :] = 180
    return image


def regions(kind, side=8):
    maps, middle = np.zeros((1, side, side, 2), np.float32), side // 2
    if kind == "half":
        maps[:] = 0.5
    elif kind == "aligned":
        maps[:, :, :middle, 0] = maps[:, :, middle:, 1] = 1
    else:
        maps[:, :middle, :, 0] = maps[:, middle:, :, 1] = 1
    return maps


def photograph(side=16, seed=0):
    """Draw soft colours: a coarse grid of random ones, enlarged."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (1, 4, 4, 3))
    return tf.image.resize(coarse, (side, side), "bicubic").numpy().clip(0, 255).astype(np.uint8)


def exact_kernel(image, position=100.0, colour=15.0):
    """Return the (N, N) float64 kernel between all pixels."""
    height, width = image.shape[:2]
    places = np.stack(np.meshgrid(range(width), range(height)), -1).reshape(-1, 2) / position
    rows = np.hstack([places, image.reshape(-1, 3).astype(float) / colour])
    return np.exp(-((rows[:, None] - rows[None]) ** 2).sum(-1) / 2)


def exact_loss(image, maps, **deviations):
    rows = maps.reshape(-1, maps.shape[-1]).astype(float)
    return -(rows * (exact_kernel(image, **deviations) @ rows)).sum()


def lattice_of(image, **options):
    return build_bilateral_lattice(tf.constant(image), **options)


def gradient_of(maps, lattice, **options):
    maps = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        total = tf.reduce_sum(dense_crf_loss(maps, lattice, **options))
    return tape.gradient(total, maps).numpy()


# The specification's values: of the exact kernel, and of the original's lattice code.
GOLDEN = [("aligned", -2046.6696, -990.511), ("half", -1023.3348, -495.255)]
GOLDEN += [("crossing", -1023.7441, -495.526)]


@pytest.mark.parametrize(("kind", "exact", "lattice"), GOLDEN)
def test_dense_crf_loss_of_the_specification(kind, exact, lattice):
    assert exact_loss(two_tone()[0], regions(kind)[0]) == pytest.approx(exact, rel=1e-6)
    value = dense_crf_loss(regions(kind), lattice_of(two_tone()))
    assert value.shape == (1,) and float(value[0]) == pytest.approx(lattice, rel=2e-6)


def test_dense_crf_loss_of_the_specification_on_other_pictures():
    # A picture of one grey, 100, and one of 16 x 16 pixels.
    grey = lattice_of(np.full((1, 8, 8, 3), 100, np.uint8))
    assert float(dense_crf_loss(regions("aligned"), grey)[0]) == pytest.approx(-965.919, rel=2e-6)
    value = dense_crf_loss(regions("aligned", 16), lattice_of(two_tone(16)))
    assert float(value[0]) == pytest.approx(-15282.89, rel=2e-6)
    exact = exact_loss(two_tone(16)[0], regions("aligned", 16)[0])
    assert exact == pytest.approx(-32681.39, rel=2e-7)
    exact = exact_loss(np.full((8, 8, 3), 100, np.uint8), regions("aligned")[0])
    assert exact == pytest.approx(-2046.6696, rel=1e-6)


def test_dense_crf_loss_follows_the_exact_kernel_in_shape():
    image = photograph()
    maps = np.random.default_rng(1).dirichlet((1, 1), (1, 16, 16)).astype(np.float32)
    own = -gradient_of(maps, lattice_of(image)) / 2
    exact = (exact_kernel(image[0]) @ maps.reshape(-1, 2)).reshape(maps.shape)
    assert np.corrcoef(own.ravel(), exact.ravel())[0, 1] > 0.97
    assert 0.4 < own.sum() / exact.sum() < 0.6


def test_dense_crf_loss_gradient_is_the_true_one_of_its_lattice():
    lattice = lattice_of(photograph(6))
    maps = np.random.default_rng(2).dirichlet((1, 1, 1), (1, 6, 6)).astype(np.float32)
    rows = maps.reshape(-1, 3)
    matrix = permutohedral_filter(Lattice(*(each.numpy() for each in lattice)), np.eye(36))
    expected = -(matrix + matrix.T) @ rows
    np.testing.assert_allclose(gradient_of(maps, lattice).reshape(-1, 3), expected, rtol=1e-4)


def test_dense_crf_loss_gradient_leads_to_the_edge():
    # Probabilities a little off one half, split at the wrong place: pixel (0, 1) is of the left
    # half in colour, and is to become more of the left region.
    maps = np.full((1, 8, 8, 2), 0.5, np.float32)
    maps[:, :, :4], maps[:, :, 4:] = (0.6, 0.4), (0.4, 0.6)
    maps[0, 0, 1] = (0.4, 0.6)
    slopes = gradient_of(maps, lattice_of(two_tone()))[0, 0, 1]
    assert slopes[0] < slopes[1] < 0


def test_dense_crf_loss_of_pictures_in_a_batch_are_their_own():
    images = np.concatenate([two_tone(), photograph(8), two_tone()])
    maps = np.concatenate([regions(kind) for kind in ("aligned", "crossing", "half")])
    together = dense_crf_loss(maps, lattice_of(images)).numpy()
    alone = [float(dense_crf_loss(maps[[i]], lattice_of(images[[i]]))[0]) for i in range(3)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_dense_crf_loss_normalised_is_divided_by_the_squared_pixels():
    lattice = lattice_of(two_tone())
    value = dense_crf_loss(regions("aligned"), lattice, normalised=True)
    assert float(value[0]) == pytest.approx(-990.511 / 64**2, rel=1e-5)


def test_dense_crf_loss_at_half_the_scale():
    # Every second pixel of the map and of the picture, distances halved with the deviation: the
    # sum has a sixteenth of its terms, its normalised value is nearly that of the whole.
    image, maps = photograph(16).repeat(2, 1).repeat(2, 2), regions("aligned", 32)
    lattice = lattice_of(image, position=50.0, scale=0.5)
    small = float(dense_crf_loss(maps, lattice, scale=0.5)[0])
    expected = dense_crf_loss(regions("aligned", 16), lattice_of(image[:, ::2, ::2], position=25.0))
    assert small == pytest.approx(float(expected[0]), rel=1e-5)
    large = float(dense_crf_loss(maps, lattice_of(image, position=50.0))[0])
    assert large / small == pytest.approx(16, rel=0.1)


def test_dense_crf_loss_works_in_float32_whatever_comes():
    lattice = lattice_of(two_tone())
    half = tf.cast(regions("half"), tf.float16)
    assert dense_crf_loss(half, lattice).dtype == tf.float32
    assert np.isfinite(gradient_of(half, lattice)).all()


def test_dense_crf_loss_shows_a_nan_in_its_picture_alone():
    maps = regions("half").repeat(2, axis=0)
    maps[1, 3, 3, 0] = np.nan
    values = dense_crf_loss(maps, lattice_of(two_tone().repeat(2, axis=0))).numpy()
    assert np.isnan(values).tolist() == [False, True]


def test_dense_crf_loss_of_one_pixel_and_no_lattice_of_no_picture():
    one = lattice_of(np.zeros((1, 1, 1, 3), np.uint8))
    # A point alone: its weights w sum to 1, the value is a share of |w|^2.
    assert -1 < float(dense_crf_loss(np.float32([[[[1, 0]]]]), one)[0]) < 0
    with pytest.raises(ValueError, match="must be one or more"):
        build_bilateral_lattice(tf.zeros((0, 4, 4, 3)))


def test_dense_crf_loss_refuses_other_maps():
    lattice = lattice_of(two_tone())
    with pytest.raises(ValueError, match=r"`probabilities` must be \(B, H, W, K\)"):
        dense_crf_loss(tf.zeros((8, 8, 2)), lattice)
    with pytest.raises(ValueError, match="`values` must be"):
        dense_crf_loss(tf.zeros((2, 8, 8, 2)), lattice)
    with pytest.raises(ValueError, match="`scale` must be in"):
        dense_crf_loss(regions("half"), lattice, scale=0)


class Regions(keras.Model):
    """A model whose loss is the dense CRF alone, with the lattice among the targets."""

    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(2, 1)

    def call(self, images):
        return self.convolution(images)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        probabilities = tf.nn.softmax(tf.cast(y_pred, tf.float32))
        return tf.reduce_mean(dense_crf_loss(probabilities, y["lattice"], normalised=True))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_dense_crf_loss_trains_a_model_by_a_pipeline(policy):
    keras.utils.set_random_seed(0)
    images = np.concatenate([photograph(8, seed) for seed in range(6)])

    def prepare(batch):
        targets = {"lattice": build_bilateral_lattice(batch)}
        return tf.cast(batch, tf.float32) / 255, targets

    batches = tf.data.Dataset.from_tensor_slices(images).batch(4).map(prepare).cache()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        model = Regions()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    model.compile(keras.optimizers.SGD(20.0), jit_compile=False)
    history = model.fit(batches, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0] < 0
