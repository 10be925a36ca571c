"""`make chaos`: play rows, print the table, and write it into docs/reliability.md if all passed."""

import argparse
import sys
from pathlib import Path

from tests.chaos.registry import CAUGHT_BY, ROWS, Row, load_rows
from tests.chaos.run import Played, play_mutant, play_row, running_stack
from tests.chaos.table import merge_into_page, render_mutants, render_rows, with_head


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 if every row that was played passed."""
    options = _parser().parse_args(arguments)
    rows = [row for row in load_rows() if _is_chosen(row, options)]
    if not rows and options.only != "mutants":
        print("no row has such a name; --list shows them")
        return 2
    if options.list:
        for row in rows:
            print(f"{row.name:<28} {'short ' if row.is_short else '      '} {row.fault}")
        return 0
    played: list[Played] = []
    mutants: dict[str, Played] = {}
    with running_stack(logs_to=options.logs) as stack:
        for row in rows:
            played.append(play_row(row, stack, is_short=options.short))
            print(_line(row.name, played[-1]), flush=True)
        for mutant, name in CAUGHT_BY.items() if not options.only or options.only == "mutants" else ():
            mutants[mutant] = play_mutant(mutant, ROWS[name], stack, is_short=True)
            print(_line(f"mutant: {mutant}", mutants[mutant]), flush=True)
    lines, mutant_lines = render_rows(played), render_mutants(mutants)
    print("\n" + with_head("rows", lines.values()) + "\n\n" + with_head("mutants", mutant_lines.values()))
    has_failed = any(each.faults for each in played) or any(not each.faults for each in mutants.values())
    if not options.short and not has_failed:
        merge_into_page("rows", lines, list(ROWS))
        merge_into_page("mutants", mutant_lines, list(CAUGHT_BY))
    return int(has_failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description="Play faults on a running stack.")
    parser.add_argument("--only", metavar="NAME", help="only the rows whose name contains this, or “mutants”")
    parser.add_argument("--short", action="store_true", help="only the rows of the test suite, as it plays them")
    parser.add_argument("--logs", metavar="FOLDER", type=Path, help="keep the logs of all processes, and the ledger")
    parser.add_argument("--list", action="store_true", help="only list the rows")
    return parser


def _is_chosen(row: Row, options: argparse.Namespace) -> bool:
    return (not options.only or options.only in row.name) and (not options.short or row.is_short)


def _line(name: str, played: Played) -> str:
    if played.skipped:
        return f"{name:<32} SKIPPED, it was not tried: {played.skipped}"
    said = "; ".join(played.faults) or "passed"
    return f"{name:<32} {played.seconds:5.0f} s  {said}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
