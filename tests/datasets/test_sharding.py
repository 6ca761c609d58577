import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from datasets.sharding import Shard, make_evaluation_batches, share_batch


def batches_of(num_records, batch_size, shard):
    dataset = make_evaluation_batches(num_records, lambda i: i, batch_size=batch_size, shard=shard)
    return [batch.tolist() for batch in dataset.as_numpy_iterator()]


@pytest.mark.parametrize("num_records", [2, 3, 5, 8, 29])
@pytest.mark.parametrize("batch_size", [2, 4, 100])
def test_workers_get_every_record_once_in_as_many_batches(num_records, batch_size):
    parts = [batches_of(num_records, batch_size, Shard(index, 2)) for index in range(2)]
    assert sorted(sum(parts[0] + parts[1], [])) == list(range(num_records))
    assert len(parts[0]) == len(parts[1])
    assert min(len(batch) for part in parts for batch in part) >= 1


def test_every_device_of_a_process_gets_a_record():
    batches = batches_of(9, 8, Shard(0, 1, devices=4))
    assert [len(batch) for batch in batches] == [5, 4]  # not 8 and 1


def test_a_single_process_keeps_whole_batches():
    assert batches_of(5, 2, Shard()) == [[0, 1], [2, 3], [4]]


def test_make_evaluation_batches_wants_a_record_per_device():
    with pytest.raises(InputError, match="a record for each of the 3 devices. Received 2"):
        batches_of(2, 4, Shard(0, 3))


def test_share_batch_wants_an_even_division():
    assert share_batch(6, Shard(2, 3)) == 2
    with pytest.raises(InputError, match="multiple of the 4 workers. Received 6"):
        share_batch(6, Shard(0, 4))


def test_the_count_of_batches_is_known():
    dataset = make_evaluation_batches(7, lambda i: i, batch_size=4, shard=Shard(1, 2))
    assert int(dataset.cardinality()) == 2
    np.testing.assert_array_equal(tf.concat(list(dataset), 0), [4, 5, 6])


def test_padding_fills_smaller_samples_of_a_batch():
    dataset = make_evaluation_batches(
        2, lambda i: (tf.ones((i + 1,)),), batch_size=2, shard=Shard(), padding=(-1.0,)
    )
    ((values,),) = dataset.as_numpy_iterator()
    assert values.tolist() == [[1, -1], [1, 1]]
