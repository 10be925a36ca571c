"""The peers that the providers are tested against. For a new provider add a module with a subclass of Peer here."""

from importlib import import_module
from pkgutil import iter_modules

from tests.contract.peer import Peer

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

PEERS: dict[str, type[Peer]] = {peer.__name__: peer for peer in Peer.__subclasses__()}
