"""The models of a run: the locator that is saved, and what is trained of it."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import ops

from config.errors import InputError
from config.schema import TemporalCamParams
from finetuning.temporal_cam.objective import compute_terms, list_weights, penalise_kernels
from finetuning.temporal_cam.seeding import JOINT_CRF
from metrics.map_corloc import MapCorLoc
from models.cam_decoder import build_cam_decoder
from models.map_locator import build_map_locator
from training.epoch_rates import build_epoch_rate
from training.experiment import build_optimizer

BOXES = "boxes"  # of the targets: true boxes of frames that are validated on


class MapTrainer(keras.Model):
    """Trains a decoder by the terms of `finetuning.temporal_cam.objective`.

    Keras' own step computes the gradient; only the loss is another. What its terms are is told
    epoch by epoch, unweighted, beside `loss`; where frames come with true boxes, also `corloc` of
    the maps, for which no gradient is taken.

    Args:
        decoder: what is trained; shared.
        params: resolved parameters.

    Attributes:
        sharpness: variable of the barriers, which `training.barriers.BarrierGrowth` lets grow.

    Example:
        >>> # see `build_models`
    """

    def __init__(self, decoder: keras.Model, params: TemporalCamParams):
        super().__init__(name="map_trainer")
        self.decoder, self.params = decoder, params
        self.sharpness = keras.Variable(params.sharpness, trainable=False, name="sharpness")
        self.weights_of_terms = list_weights(params)
        self.terms = [keras.metrics.Mean(name=f"{name}_term") for name in self.weights_of_terms]
        self.corloc = MapCorLoc(inclusive=params.inclusive_iou)
        self.supports_jit = False  # XLA compiles neither the CRF's filter nor what counts boxes

    def call(self, images, training=None):
        """Run the decoder on every frame of records.

        Args:
            images: (B, M, S, S, 3) float32 in [0, 1].
            training: as Keras says.

        Returns:
            (B * M, S, S, 2) float32 logits.
        """
        flat = ops.reshape(images, (-1, *images.shape[2:]))
        return self.decoder(flat, training=training)["map_logits"]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Weigh and add the terms.

        Args:
            x: (B, M, S, S, 3) images.
            y: targets of `finetuning.temporal_cam.seeding`.
            y_pred: (B * M, S, S, 2) logits.
            sample_weight: not used.
            training: as Keras says.

        Returns:
            Scalar loss.
        """
        terms = compute_terms(y_pred, y, self.params, sharpness=self.sharpness)
        if "l2" in self.weights_of_terms:
            terms["l2"] = penalise_kernels(self.decoder)
        total, num_records = 0.0, ops.shape(x)[0]
        for metric in self.terms:
            name = metric.name.removesuffix("_term")
            if name in terms:
                total += self.weights_of_terms[name] * terms[name]
                metric.update_state(terms[name], sample_weight=num_records)
        # As Keras' own losses: the devices' gradients are added up.
        return total / tf.distribute.get_strategy().num_replicas_in_sync

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Count boxes where the truth is known.

        Args:
            x: as for `compute_loss`.
            y: likewise; with `boxes` (B, N, 4) xyxy pixels where there are any.
            y_pred: likewise.
            sample_weight: not used.

        Returns:
            {name: value} of what was measured.
        """
        if BOXES in y:
            maps = ops.softmax(ops.cast(y_pred, "float32"), axis=-1)[..., 1]
            self.corloc.update_state(y[BOXES], maps)
        known = {self.corloc.name: BOXES in y, "joint_crf_term": JOINT_CRF in y}
        results = self.get_metrics_result()
        return {name: value for name, value in results.items() if known.get(name, True)}


def build_models(
    params: TemporalCamParams,
    classifier: keras.Model,
    class_names: Sequence[str],
    *,
    updates_per_epoch: int,
) -> tuple[keras.Model, MapTrainer]:
    """Build what is saved and what is trained, of the same layers.

    Args:
        params: resolved parameters.
        classifier: trained, of `models.cam_classifier`; it is frozen.
        class_names: names of its classes 1 to K.
        updates_per_epoch: of the weights, over all parts of a step.

    Returns:
        (what `models.map_locator.build_map_locator` gives, the compiled trainer).

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `finetuning.temporal_cam.fitting`
    """
    if not list_weights(params):
        raise InputError("a loss must have a weight above 0. All of them are 0; set `seed_weight`.")
    decoder = build_cam_decoder(classifier, channels=params.channels)
    trainer = MapTrainer(decoder, params)
    is_sgd = params.optimizer == "sgd"
    nesterov = True if is_sgd and params.momentum else None
    settings = {"momentum": params.momentum, "nesterov": nesterov}
    rate = build_epoch_rate(params, updates_per_epoch)
    trainer.compile(build_optimizer(params.optimizer, rate, **settings))
    return build_map_locator(decoder, class_names), trainer
