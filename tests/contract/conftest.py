from collections.abc import Generator

import pytest

from tests.contract.peer import Peer, Trouble
from tests.contract.peers import PEERS


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Generator[Peer]:
    """A running peer, by name: tests are parametrised by it."""
    peer = PEERS[request.param]()
    with peer.running():
        yield peer


def each_peer(*, with_address: bool = False, with_clocks: bool = False) -> pytest.MarkDecorator:
    """A test for every provider, or for those that have what it takes."""
    params = [
        pytest.param(name, marks=_marks(peer))
        for name, peer in PEERS.items()
        if (peer.has_address or not with_address) and (peer.clocks or not with_clocks)
    ]
    return pytest.mark.parametrize("peer", params, indirect=True)


def each_trouble(*wanted: Trouble) -> pytest.MarkDecorator:
    """A test for every trouble that a provider's peer can make, as far as it is wanted."""
    params = [
        pytest.param(name, trouble, id=f"{name}-{trouble}", marks=_marks(peer))
        for name, peer in PEERS.items()
        for trouble in Trouble
        if trouble in peer.troubles and (trouble in wanted or not wanted)
    ]
    return pytest.mark.parametrize(("peer", "trouble"), params, indirect=["peer"])


def _marks(peer: type[Peer]) -> list[pytest.MarkDecorator]:
    """By mark, not by fixture: pytest-django sets up only databases that it sees asked for beforehand."""
    return [pytest.mark.django_db] if peer.needs_database else []
