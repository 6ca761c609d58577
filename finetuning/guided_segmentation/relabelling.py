"""The second round: what a trained segmenter says of its own pictures becomes their labels."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from datasets.images import read_labels
from datasets.job_pool import run_threads
from datasets.label_maps import read_label_map
from datasets.label_pngs import write_label_png
from datasets.records import TagRecord
from finetuning.guided_segmentation.guide_scores import compare_labels, sum_scores
from finetuning.guided_segmentation.guides import crf_options
from finetuning.guided_segmentation.prediction import Answer, answer_pictures, sharpen_labels
from finetuning.guided_segmentation.stages import MASK_FIELDS, Chain
from reporting.model_files import load_keras_model
from training.distribution import run_without_strategy
from training.stage_folders import digest_file
from training.workers import is_chief, wait_for_workers

RELABELLED = "guides_round_2"


def relabel_pictures(chain: Chain, segmenter: Path) -> list[Path]:
    """Write the answers of a segmenter, restricted to the tags and sharpened, as label maps.

    Of several workers only the chief does anything.

    Args:
        chain: the run.
        segmenter: its file.

    Returns:
        The label map of each record.

    Raises:
        InputError: a picture cannot be read.
        OSError: a file cannot be written.

    Example:
        >>> # see `finetuning.guided_segmentation.train`

    References:
        Khoreva et al., "Simple Does It: Weakly Supervised Instance and Semantic Segmentation",
        CVPR 2017, arXiv 1603.07485, trains in rounds on its own denoised output.
    """
    if is_chief():
        run_without_strategy(lambda: _relabel(chain, segmenter))
    wait_for_workers()
    return chain.list_files(RELABELLED)


def _relabel(chain: Chain, segmenter: Path) -> None:
    identity = {
        "model": digest_file(segmenter),
        "crf": crf_options(chain.params),
        "pictures": chain.digest_pictures("tags", *MASK_FIELDS),
        "num_training": chain.num_training,
    }
    stage = chain.open_stage(RELABELLED, identity)
    if stage.told is None:
        files = chain.list_files(RELABELLED)
        _write_labels(chain, segmenter, files)
        pairs = zip(chain.records[: chain.num_training], files, strict=False)
        stage.finish(sum_scores([_score(chain, *pair) for pair in pairs]))


def _write_labels(chain: Chain, segmenter: Path, files: list[Path]) -> None:
    pairs = zip(chain.records, files, strict=True)
    missing = {record.image: (record, path) for record, path in pairs if not path.is_file()}
    records = [record for record, _ in missing.values()]
    answers = answer_pictures(
        load_keras_model(segmenter), records, max_pixels=chain.params.max_pixels
    )

    def write(answer: Answer) -> None:
        labels = sharpen_labels(answer, chain.params, labels=(0, *answer.record.tags))
        write_label_png(labels, missing[answer.record.image][1])

    done = run_threads(write, answers, workers=chain.args.workers)
    for _ in tqdm(done, "round 2 labels", len(records), unit=" pictures", delay=2, disable=None):
        pass


def _score(chain: Chain, record: TagRecord, path: Path) -> dict[str, dict] | None:
    if record.mask is None:
        return None
    labels = read_labels(path, max_pixels=chain.params.max_pixels)
    truth = read_label_map(record, labels.shape, max_pixels=chain.params.max_pixels)
    return {RELABELLED: compare_labels(truth, labels, len(chain.class_names))}
