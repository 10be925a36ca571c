import re
from datetime import timedelta

import pytest

from contacts.api_keys import create_api_key, find_api_key, mint_key, revoke_api_keys
from contacts.models import ApiKey, Organization
from contacts.models.api_key import Scope
from tests.support.contacts import NOW

A_MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)


def test_a_key_is_forty_characters_of_the_published_form() -> None:
    key = mint_key()
    assert re.fullmatch(r"dk_[A-Za-z0-9]{8}_[A-Za-z0-9]{28}", key)
    assert len(key) == 40


def test_no_two_keys_are_alike() -> None:
    assert len({mint_key() for _ in range(1_000)}) == 1_000


def test_a_key_is_found_with_its_organisation_and_scopes(organization: Organization) -> None:
    row, key = create_api_key(organization, "HIS", [Scope.SEND, Scope.READ])
    found = find_api_key(key, NOW)
    assert found is not None
    assert (found.pk, found.organization, found.scopes) == (row.pk, organization, ["send", "read"])


def test_nothing_that_is_stored_gives_the_key_away(organization: Organization) -> None:
    row, key = create_api_key(organization, "HIS", [])
    row.refresh_from_db()
    secret = key[12:]
    assert row.prefix == key[3:11]
    assert all(secret not in str(value) for value in ApiKey.objects.filter(pk=row.pk).values().get().values())
    assert len(bytes(row.secret_hash)) == 32
    assert secret.encode() not in bytes(row.secret_hash)


def test_a_chosen_key_is_stored_as_it_is(organization: Organization) -> None:
    chosen = mint_key()
    _row, key = create_api_key(organization, "demo", [], key=chosen)
    assert key == chosen
    assert find_api_key(chosen, NOW) is not None


@pytest.mark.parametrize(
    "key", ["secret", "dk_short_" + "a" * 28, "dk_abcdefgh_" + "a" * 29, "xx_abcdefgh_" + "a" * 28]
)
def test_a_chosen_key_of_another_form_is_refused(organization: Organization, key: str) -> None:
    with pytest.raises(ValueError, match="an API key is"):
        create_api_key(organization, "demo", [], key=key)
    assert not ApiKey.objects.exists()


def test_unknown_and_altered_keys_are_not_found(organization: Organization) -> None:
    _row, key = create_api_key(organization, "HIS", [])
    other = "a" if key[-1] != "a" else "b"
    for shown in (
        mint_key(),
        key[:-1] + other,
        key[:-1],
        key + "a",
        key.upper(),
        f" {key}",
        f"{key}\n",
        "",
        "dk_",
        "\0",
    ):
        assert find_api_key(shown, NOW) is None


def test_a_key_ends_at_the_moment_of_its_expiry(organization: Organization) -> None:
    _row, key = create_api_key(organization, "HIS", [], expires_at=NOW)
    assert find_api_key(key, NOW - TICK) is not None
    assert find_api_key(key, NOW) is None
    assert find_api_key(key, NOW + A_MINUTE) is None


def test_a_revoked_key_is_not_found(organization: Organization) -> None:
    row, key = create_api_key(organization, "HIS", [])
    ApiKey.objects.filter(pk=row.pk).update(revoked_at=NOW)
    assert find_api_key(key, NOW - A_MINUTE) is None
    assert find_api_key(key, NOW) is None


def test_the_last_use_is_kept_to_the_minute(organization: Organization) -> None:
    row, key = create_api_key(organization, "HIS", [])
    seen = []
    for moment in (NOW, NOW + A_MINUTE, NOW + A_MINUTE + TICK):
        find_api_key(key, moment)
        row.refresh_from_db()
        seen.append(row.last_used_at)
    assert seen == [NOW, NOW, NOW + A_MINUTE + TICK]


def test_a_refused_key_was_not_used(organization: Organization) -> None:
    row, key = create_api_key(organization, "HIS", [], expires_at=NOW)
    assert find_api_key(key, NOW) is None
    row.refresh_from_db()
    assert row.last_used_at is None


def test_revoking_counts_those_in_force_and_leaves_earlier_moments(organization: Organization) -> None:
    earlier, _key = create_api_key(organization, "old", [])
    _row, key = create_api_key(organization, "HIS", [])
    ApiKey.objects.filter(pk=earlier.pk).update(revoked_at=NOW - A_MINUTE)
    assert revoke_api_keys(ApiKey.objects.all(), NOW) == 1
    assert find_api_key(key, NOW) is None
    assert set(ApiKey.objects.values_list("name", "revoked_at")) == {("old", NOW - A_MINUTE), ("HIS", NOW)}
