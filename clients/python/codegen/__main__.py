"""`python -m codegen < openapi.json`: write everything that is generated."""

import json
import sys

from codegen.generate import SOURCE, generate


def main() -> None:
    document = json.load(sys.stdin)
    files = generate(document)
    for folder in ("models", "_sync"):
        for stale in set((SOURCE / folder).glob("*.py")) - set(files):
            stale.unlink()
    for path, text in files.items():
        path.write_text(text)


main()
