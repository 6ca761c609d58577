"""Class activation maps without gradients: the score of the picture that a channel's map masks.

Score-CAM masks the picture once a channel; SS-CAM averages noisy masks, IS-CAM masks of growing
strength. `models.cam` runs the network on the masked pictures.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from ops.cam import normalise_maps, weigh_channels


def make_masks(maps, size):
    """Enlarge maps to a picture's size and stretch each to [0, 1].

    Args:
        maps: (N, h, w), channels of feature maps.
        size: (H, W) of the picture, pixels; a tensor too.

    Returns:
        (N, H, W, 1) tensor; 0 everywhere for a constant map.

    Raises:
        ValueError: not three axes.

    Example:
        >>> import numpy as np
        >>> make_masks(np.array([[[0.0, 4.0]]]), (1, 4))[0, 0, :, 0].numpy().tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    if len(maps.shape) != 3:
        raise ValueError(f"`maps` must be (N, h, w). Received shape {tuple(maps.shape)}.")
    large = tf.image.resize(tf.cast(maps, tf.float32)[..., tf.newaxis], size)
    return normalise_maps(large[..., 0])[..., tf.newaxis]


def perturb_masks(masks, number, *, method: str, num_samples: int, noise):
    """Change masks as the sample of that number asks.

    Args:
        masks: (N, H, W, 1) in [0, 1].
        number: of the sample, from 0.
        method: "score_cam" leaves them alone, "ss_cam" adds the noise, "is_cam" multiplies them by
            (number + 1) / num_samples.
        num_samples: how many there are.
        noise: (1, H, W, 1) of "ss_cam".

    Returns:
        (N, H, W, 1) tensor.

    Raises:
        ValueError: another method.

    Example:
        >>> import numpy as np
        >>> masks = np.ones((1, 1, 1, 1), np.float32)
        >>> float(perturb_masks(masks, 1, method="is_cam", num_samples=4, noise=0)[0, 0, 0, 0])
        0.5

    References:
        Wang et al., "SS-CAM", arXiv 2006.14255, smoothing of the feature map; Naidu et al.,
        "IS-CAM", arXiv 2010.03023.
    """
    if method == "score_cam":
        return masks
    if method == "ss_cam":
        return masks + noise
    if method == "is_cam":
        return masks * ((keras.ops.cast(number, "float32") + 1) / num_samples)
    raise ValueError(f"`method` must be score_cam, ss_cam or is_cam. Received {method!r}.")


def score_cam(features, scores):
    """Compute Score-CAM from the scores of the masked pictures.

    Channel k weighs softmax_k(s_k), s_k the class's score before its own softmax when channel k
    masks the picture. The paper takes the score of a picture without content off each s_k; a
    softmax over channels takes such a constant out again, so it is not asked for.

    Args:
        features: (B, h, w, C).
        scores: (B, C), s, averaged over the samples of SS-CAM and IS-CAM.

    Returns:
        (B, h, w) tensor, not below 0.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> features = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
        >>> score_cam(features, np.log([[3.0, 1.0]]))[0].numpy().round(4).tolist()
        [[0.75, 0.25]]

    References:
        Wang et al., "Score-CAM", CVPR Workshops 2020, arXiv 1910.01279, algorithm 1. sbelharbi/tcam
        takes a softmax over classes instead.
    """
    return weigh_channels(features, keras.ops.softmax(keras.ops.cast(scores, "float32"), axis=-1))
