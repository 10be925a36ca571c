"""What a page contains that a strict Content Security Policy forbids."""

import re
from typing import Any

_SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
_INLINE = re.compile(r"<style\b|<[a-z][^<>]*\s(?:style|on[a-z]+)=", re.IGNORECASE)


def strictness_faults(answer: Any, path: str) -> list[str]:
    """Return what is wrong with an answer below /admin/: no policy, or inline scripts and styles in the page."""
    policy = answer.headers.get("Content-Security-Policy", "")
    if "default-src 'none'" in policy and "sandbox" in policy:
        return []  # the HTML part of a message, in a frame of its own origin where no script runs
    faults = [] if "default-src" in policy and "unsafe" not in policy else [f"{path}: policy “{policy}”"]
    if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return faults
    page = answer.content.decode()
    # A script of this type is data: it never runs, and policies do not concern it.
    scripts = [given for given in _SCRIPT.findall(page) if "src=" not in given and "application/json" not in given]
    inline = [found.group()[:80] for found in _INLINE.finditer(page)]
    return faults + [f"{path}: inline {found}" for found in [*scripts, *inline]]
