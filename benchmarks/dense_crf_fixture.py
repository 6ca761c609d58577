"""Write the marginals of pydensecrf2 that `tests/ops/test_dense_crf.py` compares with.

Run `python -m benchmarks.dense_crf_fixture tests/fixtures/dense_crf.npz` where pydensecrf2 is
installed. Pictures and energies are stored too, so that nothing has to be drawn again.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.dense_crf import draw_case, infer_reference

# name: size, labels, noise, options of the CRF
CASES = {
    "two": ((20, 30), 2, 6, {}),
    "three": ((24, 17), 3, 25, {"bilateral": (10, 80, 13)}),
    "many": ((12, 16), 21, 10, {}),
    "thin": ((40, 1), 2, 10, {}),
    "small": ((16, 16), 3, 10, {"scale_factor": 8.0, "iterations": 3}),
}


def draw_arrays() -> dict[str, np.ndarray]:
    """Draw the cases and infer their marginals.

    Returns:
        For each case `NAME_image` (H, W, 3) uint8, `NAME_unary` (H, W, L) uint8 in sixteenths and
        `NAME_marginals` (H, W, L) float16.

    Raises:
        ImportError: pydensecrf2 is not installed.
    """
    arrays = {}
    for seed, (name, (size, num_labels, noise, options)) in enumerate(CASES.items()):
        image, unary = draw_case(size, num_labels, noise=noise, seed=seed)
        arrays[f"{name}_image"] = image
        arrays[f"{name}_unary"] = (16 * unary).astype(np.uint8)
        marginals = infer_reference(image, unary, **options)
        arrays[f"{name}_marginals"] = marginals.astype(np.float16)
    return arrays


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="the .npz file to write")
    np.savez_compressed(parser.parse_args().path, **draw_arrays())


if __name__ == "__main__":
    main()
