"""`make chaos`: play every row, print the table and write it into docs/reliability.md. See tests/chaos/__init__.py."""

import argparse
import sys
from pathlib import Path

from tests.chaos.registry import CAUGHT_BY, ROWS, Row, load_rows
from tests.chaos.run import Played, play_mutant, play_row, running_stack
from tests.chaos.table import render_mutants, render_table, write_table


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
    played, mutants = [], []
    with running_stack(logs_to=options.logs) as stack:
        for row in rows:
            played.append(play_row(row, stack, is_short=options.short))
            print(_line(row.name, played[-1]), flush=True)
        for mutant, name in CAUGHT_BY.items() if not options.only or options.only == "mutants" else ():
            mutants.append((mutant, play_mutant(mutant, ROWS[name], stack, is_short=options.short)))
            print(_line(f"mutant: {mutant}", mutants[-1][1]), flush=True)
    table = render_table(played)
    if mutants:
        table += "\n\n" + render_mutants(mutants)
    print(f"\n{table}")
    has_failed = any(each.faults for each in played) or any(not each.faults for _, each in mutants)
    if not options.only and not options.short and not has_failed:
        write_table(table)
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
