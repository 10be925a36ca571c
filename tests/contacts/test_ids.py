from datetime import UTC, datetime, timedelta, timezone

from contacts.ids import new_id_of_day

EVENING = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def test_an_id_of_a_day_tells_its_midnight_in_utc_and_is_a_uuid_7() -> None:
    for moment in (EVENING, EVENING.astimezone(timezone(timedelta(hours=9)))):
        made = new_id_of_day(moment)
        assert made.int >> 80 == int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1_000
        assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_all_other_bits_of_an_id_of_a_day_are_by_chance() -> None:
    ids = [new_id_of_day(EVENING).int for _ in range(200)]
    always_one, ever_one = ids[0], 0
    for value in ids:
        always_one, ever_one = always_one & value, ever_one | value
    free = (1 << 76) - 1 & ~(3 << 62)
    assert always_one & free == 0
    assert ever_one & free == free


def test_ids_of_days_stand_in_the_order_of_the_days() -> None:
    days = [EVENING + timedelta(days=number) for number in range(30)]
    ids = [new_id_of_day(day) for day in days]
    assert ids == sorted(ids)
