import keras
import pytest

from config.errors import InputError
from models.cam_classifier import build_cam_classifier
from reporting.served_models import load_served_model


def test_load_served_model_makes_a_tagger_of_a_classifier(small_cam_encoder, tmp_path):
    classifier = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32)
    classifier.save(tmp_path / "best_classification.keras")
    served = load_served_model(tmp_path)
    assert set(served.model.output) == {"tag_probabilities", "tag_maps"}
    assert served.file == tmp_path / "best_classification.keras"
    (tmp_path / "tags.json").write_text('{"class_names": ["cat", "cat"]}')
    with pytest.raises(InputError, match="tags.json"):
        load_served_model(tmp_path)


def test_load_served_model_takes_other_files_as_they_are(counter_file):
    served = load_served_model(counter_file)
    assert set(served.model.output) == {"count", "patch_counts"} and served.assets == {}


def test_load_served_model_prefers_what_a_run_saves(counter_file, tmp_path):
    keras.Sequential([keras.Input((2,))]).save(tmp_path / "best_classification.keras")
    (tmp_path / "counter.keras").write_bytes(counter_file.read_bytes())
    assert load_served_model(tmp_path).file.name == "counter.keras"
