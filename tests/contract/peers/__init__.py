"""What each provider is tested against. A new provider adds one file here: its subclass of Peer is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from tests.contract.peer import Peer

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

PEERS: dict[str, type[Peer]] = {peer.__name__: peer for peer in Peer.__subclasses__()}
