from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from distributor.rules.timing.time_zones import first_instant, last_instant, zone_named
from tests.support.zones import FIRST, LAST, every_change, wall_of

A_MINUTE = timedelta(minutes=1)
WARSAW, APIA = ZoneInfo("Europe/Warsaw"), ZoneInfo("Pacific/Apia")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["Asia/Tokyo", "Europe/Warsaw"], "Asia/Tokyo"),
        (["", "Europe/Warsaw"], "Europe/Warsaw"),
        (["Mars/Olympus", "Europe/Warsaw"], "Europe/Warsaw"),
        (["America", "Europe/Warsaw"], "Europe/Warsaw"),  # a folder of the database
        (["../../etc/passwd", "\0", "right/Europe/Paris", "x" * 5_000, "Europe/Warsaw"], "Europe/Warsaw"),
        (["", "Mars"], "UTC"),
        ([], "UTC"),
    ],
)
def test_the_first_name_that_is_a_zone_counts(names: list[str], key: str) -> None:
    assert zone_named(*names).key == key


def test_every_zone_is_found_by_its_name() -> None:
    assert {zone_named(name, "Mars").key for name in available_timezones()} == available_timezones()


@pytest.mark.parametrize(
    ("zone", "wall", "first", "last"),
    [
        (WARSAW, "2026-03-01 12:00", "2026-03-01 11:00", "2026-03-01 11:00"),
        (WARSAW, "2026-03-29 01:59", "2026-03-29 00:59", "2026-03-29 00:59"),
        (WARSAW, "2026-03-29 02:00", "2026-03-29 01:00", "2026-03-29 01:00"),
        (WARSAW, "2026-03-29 02:59:59.999999", "2026-03-29 01:00", "2026-03-29 01:00"),
        (WARSAW, "2026-03-29 03:00", "2026-03-29 01:00", "2026-03-29 01:00"),
        (WARSAW, "2026-10-25 02:00", "2026-10-25 00:00", "2026-10-25 01:00"),
        (WARSAW, "2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25 01:30"),
        (WARSAW, "2026-10-25 03:00", "2026-10-25 02:00", "2026-10-25 02:00"),
        (APIA, "2011-12-30 18:00", "2011-12-30 10:00", "2011-12-30 10:00"),  # a Friday that Samoa never had
        (ZoneInfo("Pacific/Kwajalein"), "1969-09-30 12:00", "1969-09-30 01:00", "1969-10-01 00:00"),  # twice, nearly
    ],
)
def test_a_gap_moves_forward_and_a_fold_has_two_instants(zone: ZoneInfo, wall: str, first: str, last: str) -> None:
    assert first_instant(datetime.fromisoformat(wall), zone) == utc(first)
    assert last_instant(datetime.fromisoformat(wall), zone) == utc(last)


def test_around_every_change_of_every_zone_the_instants_are_those_that_show_the_time() -> None:
    for change in every_change():
        for minutes in (-1, 0, 1, change.length // A_MINUTE - 1, change.length // A_MINUTE):
            wall = change.wall + minutes * A_MINUTE
            inside = minutes >= 0 and minutes * A_MINUTE < change.length
            first, last = first_instant(wall, change.zone), last_instant(wall, change.zone)
            if inside and change.is_gap:
                assert first == last == change.at, (str(change), minutes)
                continue
            assert wall_of(first, change.zone) == wall_of(last, change.zone) == wall, (str(change), minutes)
            assert last - first == (change.length if inside else timedelta(0)), (str(change), minutes)


def test_the_changes_of_six_years_are_all_there() -> None:
    assert len({change.zone.key for change in every_change()}) > 150
    assert {change.is_gap for change in every_change()} == {True, False}
    warsaw = [change.at for change in every_change() if change.zone.key == "Europe/Warsaw"]
    assert len(warsaw) == 2 * 6
    assert all(FIRST < at < LAST and at.hour == 1 and at.isoweekday() == 7 for at in warsaw)
