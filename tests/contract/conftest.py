from collections.abc import Generator

import pytest

from tests.contract.peer import Peer, Trouble
from tests.contract.peers import PEERS


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Generator[Peer]:
    """A running peer. Tests are parametrised by its name."""
    peer = PEERS[request.param]()
    with peer.running():
        yield peer


def each_peer(*, with_address: bool = False, with_clocks: bool = False) -> pytest.MarkDecorator:
    """Run a test for every peer, or for those that have an address or clocks."""
    params = [
        pytest.param(name, marks=_marks(peer))
        for name, peer in PEERS.items()
        if (peer.has_address or not with_address) and (peer.clocks or not with_clocks)
    ]
    return pytest.mark.parametrize("peer", params, indirect=True)


def each_trouble(*wanted: Trouble) -> pytest.MarkDecorator:
    """Run a test for every peer and every trouble that it can cause, or for the wanted ones."""
    params = [
        pytest.param(name, trouble, id=f"{name}-{trouble}", marks=_marks(peer))
        for name, peer in PEERS.items()
        for trouble in Trouble
        if trouble in peer.troubles and (trouble in wanted or not wanted)
    ]
    return pytest.mark.parametrize(("peer", "trouble"), params, indirect=["peer"])


def _marks(peer: type[Peer]) -> list[pytest.MarkDecorator]:
    """Return the database mark. A fixture would be too late: pytest-django sets up databases that marks ask for."""
    return [pytest.mark.django_db] if peer.needs_database else []
