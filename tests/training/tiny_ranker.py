"""`train_wrapper.py` with an encoder of a few layers, whose step takes TensorFlow no time to build.

Everything else is the wrapper's: reading, ranker, engine, evaluation, report.
"""

import sys

import keras

import train_wrapper
import training.ranker_fitting as stage
from training.command_line import run_command


def build_tiny_encoder(name, input_shape, **options):
    """One block as MobileNetV2 has them: convolution, depthwise convolution, batch norm."""
    inputs = keras.Input(input_shape)
    x = keras.layers.Conv2D(8, 3, strides=8, use_bias=False)(inputs)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    x = keras.layers.DepthwiseConv2D(3, strides=4, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    return keras.Model(inputs, {"stride_32": x}, name=name)


if __name__ == "__main__":
    stage.build_encoder = build_tiny_encoder
    sys.exit(run_command(train_wrapper.main, train_wrapper.build_parser(), resumable=True))
