"""What partitions there are, as tests ask for them."""

from distributor.partitions.catalogue import Partition, find_current, read_partitions, read_value
from distributor.partitions.tables import PartitionedTable


def current(table: PartitionedTable) -> Partition:
    partitions = read_partitions(table)
    place = find_current(table, partitions)
    assert place is not None
    return partitions[place]


def names(table: PartitionedTable) -> list[str]:
    return [partition.name for partition in read_partitions(table)]


def count_rows(name: str) -> int:
    return int(read_value(f"SELECT count(*) FROM {name}"))


def assert_every_key_has_a_partition(table: PartitionedTable) -> None:
    partitions = read_partitions(table)
    assert [partitions[0].lower, partitions[-1].upper] == [None, None]
    assert [each.upper for each in partitions[:-1]] == [each.lower for each in partitions[1:]]
