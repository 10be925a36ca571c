"""What every part of the suite uses. The client logs its errors and returns None or [], so checks want values."""

from typing import Any

from qualtrics_helper.client import Qualtrics

from tests.clients.checking import Suite
from tests.clients.world import DATA_CENTER, World

world, suite = World.read(), Suite()
client = Qualtrics(qualtrics_server=DATA_CENTER, api_token=world.api_key, timeout=30)
made: dict[str, Any] = {}
POOL = world.directory
