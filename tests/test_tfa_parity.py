"""TensorFlow Addons as a reference: it needs legacy Keras, so it runs in a process of its own."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from losses.focal import sigmoid_focal_loss
from models.augmentation import RandomBlur

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.version_info >= (3, 12)
        or None in map(importlib.util.find_spec, ("tensorflow_addons", "tf_keras")),
        reason="needs Python < 3.12, requirements.txt and requirements-parity.txt",
    ),
]

REFERENCE = """
import sys
import numpy as np
import tf_keras.src.engine
import tf_keras.src.engine.keras_tensor

# Addons looks for legacy Keras' engine under the name that Keras 3 took over.
sys.modules["keras.src.engine"] = tf_keras.src.engine
sys.modules["keras.src.engine.keras_tensor"] = tf_keras.src.engine.keras_tensor
from tensorflow_addons.image import gaussian_filter2d
from tensorflow_addons.losses import sigmoid_focal_crossentropy

given = np.load(sys.argv[1])
results = {
    f"blur_{size}_{sigma}": gaussian_filter2d(given["images"], size, sigma).numpy()
    for size, sigma in [(4, 0.5), (4, 1.0), (3, 0.8), (5, 2.0)]
}
for alpha, gamma in [(0.25, 2.0), (0.5, 0.0), (0.9, 1.5)]:
    results[f"focal_{alpha}_{gamma}"] = sigmoid_focal_crossentropy(
        given["labels"], given["logits"], alpha, gamma, from_logits=True
    ).numpy()
np.savez(sys.argv[2], **results)
"""


@pytest.fixture(scope="module")
def given():
    draws = np.random.default_rng(0)
    return {
        "images": draws.random((2, 9, 7, 3), np.float32),
        "labels": draws.integers(0, 2, (40, 1)).astype(np.float32),
        "logits": draws.normal(0, 4, (40, 1)).astype(np.float32),
    }


@pytest.fixture(scope="module")
def reference(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfa")
    np.savez(folder / "given.npz", **given)
    result = subprocess.run(
        [sys.executable, "-c", REFERENCE, folder / "given.npz", folder / "results.npz"],
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return np.load(folder / "results.npz")


@pytest.mark.parametrize("size, sigma", [(4, 0.5), (4, 1.0), (3, 0.8), (5, 2.0)])
def test_random_blur_equals_gaussian_filter2d(given, reference, size, sigma):
    blurred = RandomBlur(size, sigma).blur(given["images"])
    np.testing.assert_allclose(blurred, reference[f"blur_{size}_{sigma}"], atol=1e-6)


@pytest.mark.parametrize("alpha, gamma", [(0.25, 2.0), (0.5, 0.0), (0.9, 1.5)])
def test_sigmoid_focal_loss_equals_sigmoid_focal_crossentropy(given, reference, alpha, gamma):
    # Addons sums the last axis, which holds one label here.
    loss = sigmoid_focal_loss(given["logits"], given["labels"], alpha=alpha, gamma=gamma)
    expected = reference[f"focal_{alpha}_{gamma}"]
    np.testing.assert_allclose(loss[:, 0], expected, rtol=1e-4, atol=1e-6)
