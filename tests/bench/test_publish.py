"""The page and the pictures that a run's figures become."""

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.bench.report.bars import Bar
from tests.bench.report.files import write_json
from tests.bench.report.publish import publish
from tests.bench.report.verdicts import judge
from tests.bench.rounds import Rounds

SVG = "{http://www.w3.org/2000/svg}"


def run_file(folder: Path, *, busy: float = 0.0) -> Path:
    rounds = Rounds()
    for ours, theirs in ((20_000.0, 900.0), (18_000.0, 1_000.0), (19_000.0, 800.0)):
        rounds.add("g", {"messages_per_second": ours})
        rounds.add("f", {"messages_per_second": theirs})
    rounds.add("g", {"others_busy_percent": busy})
    verdicts = judge(rounds, [Bar("ours / theirs", ("g", "messages_per_second"), ("f", "messages_per_second"), 20)])
    path = folder / "bench.json"
    write_json(path, 1_000, rounds, verdicts, {"cores": "2"})
    return path


def test_the_page_has_each_ratio_and_figure_with_its_spread(tmp_path: Path) -> None:
    page, _ = publish(run_file(tmp_path), tmp_path / "docs")

    lines = page.read_text().splitlines()
    assert "| ours / theirs | 22.2x | 18x | 23.8x | 3 | at least 20x | yes |" in lines
    assert "| (f) django-post-office, dummy backend | messages per second | 900 | 800 | 1,000 | 3 |" in lines


def test_the_page_compares_ours_with_each_competitor(tmp_path: Path) -> None:
    page, _ = publish(run_file(tmp_path), tmp_path / "docs")

    assert "| (f) django-post-office, dummy backend | as it comes | 22.2x | 18x | 23.8x |" in page.read_text()


def test_a_picture_has_a_bar_for_each_figure_in_proportion(tmp_path: Path) -> None:
    _, picture = publish(run_file(tmp_path), tmp_path / "docs")

    _, theirs, ours = ElementTree.parse(picture).iter(f"{SVG}rect")
    assert picture.name == "dispatch.svg"
    assert round(float(ours.attrib["width"]) / float(theirs.attrib["width"])) == 21


def test_pictures_of_what_was_not_run_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "smtp.svg").write_text("<svg/>")

    publish(run_file(tmp_path), tmp_path)

    assert not (tmp_path / "smtp.svg").exists()


def test_a_run_beside_other_work_is_published_as_such(tmp_path: Path) -> None:
    page, *_ = publish(run_file(tmp_path, busy=60.0), tmp_path / "docs")

    assert "nothing here is evidence" in page.read_text()


def test_the_file_keeps_the_rounds_behind_each_median(tmp_path: Path) -> None:
    content = json.loads(run_file(tmp_path).read_text())

    assert content["scenarios"]["f"]["messages_per_second"] == 900
    assert content["rounds"]["f"]["messages_per_second"] == [900, 1000, 800]
