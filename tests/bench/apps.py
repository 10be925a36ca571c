from django.apps import AppConfig

from channels.providers.registry import PROVIDERS


class BenchConfig(AppConfig):
    name = "tests.bench"
    label = "bench"

    def ready(self) -> None:
        PROVIDERS["noop"] = "tests.bench.dispatch.noop.Noop"
        PROVIDERS["slow"] = "tests.bench.dispatch.noop.Slow"
