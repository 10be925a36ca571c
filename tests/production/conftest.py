from tests.engine.conftest import ask as ask
from tests.engine.conftest import send as send
