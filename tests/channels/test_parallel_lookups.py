"""Many lookups at once: each number once, within a time limit, until too many fail."""

from channels.parallel_lookups import CONCURRENCY, MAX_FAILURES, look_up_numbers
from tests.support.channels.twilio_account import number, twilio_account
from tests.support.standins.server import Fault
from tests.support.standins.twilio import TwilioStandIn


def test_each_number_is_asked_once() -> None:
    wanted = [number(n) for n in range(100)]
    with TwilioStandIn().running() as peer:
        reports = look_up_numbers(twilio_account(peer.url).account, wanted)
        asked = sorted(request.path.partition("?")[0].rpartition("/")[2] for request in peer.seen)
        assert (set(reports), asked) == (set(wanted), wanted)
        assert peer.connections <= CONCURRENCY


def test_who_has_not_answered_in_time_is_not_waited_for() -> None:
    with TwilioStandIn().running() as peer:
        peer.next_faults += [None, Fault.SILENT, None]
        wanted = [number(n) for n in range(3)]
        assert len(look_up_numbers(twilio_account(peer.url).account, wanted, limit_seconds=2)) == 2


def test_a_service_that_is_down_is_not_asked_for_each_number() -> None:
    with TwilioStandIn().running() as refusing:
        refusing.is_suspended = True
        assert look_up_numbers(twilio_account(refusing.url).account, [number(n) for n in range(500)]) == {}
        # Lookups that were running when the last failure came.
        assert MAX_FAILURES <= len(refusing.seen) < MAX_FAILURES + CONCURRENCY
