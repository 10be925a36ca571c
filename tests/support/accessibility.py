"""What axe-core finds wrong with a page in a browser: WCAG 2.2 A and AA, serious and critical faults only."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Two frames, so that a change of colours or size has begun; then the transitions that it started, which have an end.
SETTLE = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const ending = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(ending.map((a) => a.finished));
}"""
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# What depends on size and colours: only this is looked at again on pages that differ in nothing else.
OF_SIZE_AND_COLOURS = ("color-contrast", "target-size")


def find_violations(page: Page, *rules: str) -> list[str]:
    """Return a line for each fault: the rule, the element and what is wrong. Without `rules`, all are looked at."""
    page.evaluate(SETTLE)
    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": STANDARDS}
    violations = Axe().run(page, options={"runOnly": chosen, "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
