import keras
import numpy as np
import pytest

from datasets.scene_pictures import draw_scene
from datasets.synthetic import sample_scene
from losses.ranking import build_ranking_loss
from metrics.counting import RankAccuracy
from models.encoders import build_encoder, set_batch_norm
from models.ranker import build_ranker


@pytest.mark.slow
def test_the_ranker_learns_sixteen_drawn_scenes_in_a_few_steps():
    keras.utils.set_random_seed(0)
    scenes = [sample_scene(0, i, image_size=(48, 64), empty_fraction=0.0) for i in range(16)]
    assert all(scene.count for scene in scenes)
    pairs = [
        [draw_scene(scene).image, draw_scene(scene.without(range(0, scene.count, 2))).image]
        for scene in scenes
    ]
    images = np.array(pairs, np.float32) / 255
    encoder = build_encoder("mobilenet_v2", (48, 64, 3), alpha=0.35)
    set_batch_norm(encoder, "train", 0.9)
    ranker = build_ranker(encoder)
    loss = build_ranking_loss({"class_name": "BinaryCrossentropy", "config": {}})
    ranker.compile(keras.optimizers.Adam(1e-3), loss, metrics=[RankAccuracy()])
    history = ranker.fit(images, np.ones((16, 2)), epochs=25, batch_size=16, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] / 4
    assert history["rank_accuracy"][-1] == 1.0
