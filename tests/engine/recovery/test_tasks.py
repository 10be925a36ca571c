"""No task sends or makes recipients while the database may have forgotten hand-overs."""

import pytest

from distributor import tasks

WORK = ("dispatch_lane", "expand_due", "arm_due_follow_ups", "run_due_retries", "start_due")


@pytest.mark.parametrize("is_whole", [False, True])
def test_tasks_work_only_if_the_memory_is_whole(monkeypatch: pytest.MonkeyPatch, is_whole: bool) -> None:
    done: list[str] = []
    for name in WORK:
        monkeypatch.setattr(tasks, name, lambda *_, name=name: done.append(name))
    monkeypatch.setattr(tasks, "may_work", lambda _: is_whole)
    monkeypatch.setattr(tasks, "database_now", lambda: None)
    tasks.dispatch("urgent")
    tasks.expand()
    tasks.arm_follow_ups()
    tasks.retry_manually()
    tasks.start_recurring()
    assert done == (list(WORK) if is_whole else [])
