"""The engine's ways to accept and to add, for inputs that are played through the engine."""

from tests.engine.conftest import ask as ask
from tests.engine.conftest import follow as follow
from tests.engine.conftest import kinds as kinds
from tests.engine.conftest import send as send
from tests.engine.conftest import send_to as send_to
