"""Class activation maps from gradients: what each channel, or place, does to the class's score.

All take the features A (B, h, w, C) of a layer and the gradients g of the class's score before its
softmax with respect to them, of the same shape, and divide safely: no map has NaN of its own.
"""

from __future__ import annotations

import keras

from ops.cam import weigh_channels


def grad_cam(features, gradients):
    """Compute Grad-CAM: a channel weighs what its gradients are on average.

    w_k = mean_x g_k(x). On a linear classifier of averaged features it is the positive part of the
    class activation map over the number of places.

    Args:
        features: (B, h, w, C), A.
        gradients: (B, h, w, C) of the class's score with respect to them, g.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> features = np.array([[[[2.0], [0.0]]]])
        >>> grad_cam(features, np.array([[[[1.0], [3.0]]]])).numpy().tolist()
        [[[4.0, 0.0]]]

    References:
        Selvaraju et al., "Grad-CAM", ICCV 2017, arXiv 1610.02391, equations 1 and 2.
    """
    features, gradients = _to_pair(features, gradients)
    return weigh_channels(features, keras.ops.mean(gradients, axis=(1, 2)))


def grad_cam_plus_plus(features, gradients):
    """Compute Grad-CAM++: of a channel's gradients count the positive ones, by `plus_plus_alphas`.

    w_k = sum_x alpha_k(x) max(0, g_k(x)). The factor exp(score) of the paper's gradient is left
    out: it is one number per picture, which normalising takes out again.

    Args:
        features: (B, h, w, C), A.
        gradients: (B, h, w, C) of the class's score before the softmax, g.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> features = np.array([[[[2.0], [0.0]]]])
        >>> gradients = np.array([[[[1.0], [-3.0]]]])
        >>> grad_cam_plus_plus(features, gradients).numpy().tolist()  # w = 1 / (2 + 2)
        [[[0.5, 0.0]]]

    References:
        Chattopadhay et al., "Grad-CAM++", WACV 2018, arXiv 1710.11063. Its authors'
        program, tf-keras-vis too, divides the alphas of a channel by their sum as well.
    """
    features, gradients = _to_pair(features, gradients)
    alphas = plus_plus_alphas(features, gradients)
    return weigh_channels(features, _sum_places(alphas * keras.ops.relu(gradients)))


def plus_plus_alphas(features, ratios):
    """Compute the weights of places in Grad-CAM++: g^2 / (2 g^2 + g^3 sum_x A(x)).

    The third derivative over the second is asked for alone, since powers of small gradients vanish
    in float32: 1 / (2 + ratio sum_x A(x)).

    Args:
        features: (B, h, w, C), A.
        ratios: (B, h, w, C), third derivative over second: the gradient g itself for one picture.

    Returns:
        (B, h, w, C) tensor; 0 where the ratio is 0, thus the gradient, or the divisor.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> plus_plus_alphas(np.array([[[[6.0]]]]), np.array([[[[0.5]]]])).numpy().tolist()
        [[[[0.20000000298023224]]]]
    """
    features, ratios = _to_pair(features, ratios)
    divisor = 2 + ratios * _sum_places(features)[:, None, None]
    alphas = keras.ops.divide_no_nan(keras.ops.ones_like(divisor), divisor)
    return keras.ops.where(ratios == 0, 0.0, alphas)


def smooth_grad_cam_plus_plus(features, first, second, third):
    """Compute Smooth Grad-CAM++: Grad-CAM++ on means over noisy copies of the picture.

    Args:
        features: (B, h, w, C) of the picture without noise, A.
        first: (B, h, w, C), mean of the gradients g of the noisy copies.
        second: (B, h, w, C), mean of g^2.
        third: (B, h, w, C), mean of g^3.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> ones = np.ones((1, 1, 1, 1))
        >>> smooth_grad_cam_plus_plus(2 * ones, ones, ones, ones).numpy().tolist()
        [[[0.5]]]

    References:
        Omeiza et al., "Smooth Grad-CAM++", arXiv 1908.01224.
    """
    features, first = _to_pair(features, first)
    _, second = _to_pair(features, second)
    _, third = _to_pair(features, third)
    alphas = plus_plus_alphas(features, keras.ops.divide_no_nan(third, second))
    return weigh_channels(features, _sum_places(alphas * keras.ops.relu(first)))


def xgrad_cam(features, gradients):
    """Compute XGrad-CAM: gradients are averaged by the activations that they belong to.

    w_k = sum_x A_k(x) g_k(x) / sum_x A_k(x), 0 for a channel that sums to 0.

    Args:
        features: (B, h, w, C), A.
        gradients: (B, h, w, C) of the class's score with respect to them, g.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> features = np.array([[[[3.0], [1.0]]]])
        >>> xgrad_cam(features, np.array([[[[1.0], [5.0]]]])).numpy().tolist()  # w = 8 / 4
        [[[6.0, 2.0]]]

    References:
        Fu et al., "Axiom-based Grad-CAM", BMVC 2020, arXiv 2008.02312.
    """
    features, gradients = _to_pair(features, gradients)
    weighed = _sum_places(features * gradients)
    return weigh_channels(features, keras.ops.divide_no_nan(weighed, _sum_places(features)))


def layer_cam(features, gradients):
    """Compute LayerCAM: every place of every channel weighs its own gradient, where positive.

    M(x) = max(0, sum_k max(0, g_k(x)) A_k(x)), for fine layers too.

    Args:
        features: (B, h, w, C), A.
        gradients: (B, h, w, C) of the class's score with respect to them, g.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes differ or have not four axes.

    Example:
        >>> import numpy as np
        >>> features = np.array([[[[2.0, 3.0], [4.0, 5.0]]]])
        >>> layer_cam(features, np.array([[[[1.0, -1.0], [0.5, 1.0]]]])).numpy().tolist()
        [[[2.0, 7.0]]]

    References:
        Jiang et al., "LayerCAM", IEEE Transactions on Image Processing 30, 2021.
    """
    features, gradients = _to_pair(features, gradients)
    return keras.ops.relu(keras.ops.sum(keras.ops.relu(gradients) * features, axis=-1))


def _sum_places(maps):
    return keras.ops.sum(maps, axis=(1, 2))  # (B, C)


def _to_pair(features, others):
    """Return both in float32, after their shapes."""
    shapes = tuple(features.shape), tuple(others.shape)
    pairs = zip(*shapes, strict=False)
    differ = any(None not in pair and pair[0] != pair[1] for pair in pairs)  # None: of a graph
    if differ or len(shapes[0]) != 4 or len(shapes[1]) != 4:
        raise ValueError(
            "`features` and their gradients must both be (B, h, w, C). "
            f"Received shapes {shapes[0]} and {shapes[1]}."
        )
    return keras.ops.cast(features, "float32"), keras.ops.cast(others, "float32")
