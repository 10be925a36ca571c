"""People of a text or a small file: what cannot be stored is a fault of its line."""

import pytest

from distributor.control_room.sends.people_text import MAX_BYTES, MAX_ROWS, read_people
from distributor.control_room.sends.uploads import decode_text
from tests.support.workbooks import Raw, workbook


@pytest.mark.parametrize("column", ["first name", "name", "ward"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [("B\0", "NUL characters are not allowed."), ("B" * 10_001, "Too long: at most")],
)
def test_what_cannot_be_stored_is_a_fault(column: str, value: str, fault: str) -> None:
    people = read_people(f"email,{column}\nann@example.com,B\nbob@example.com,{value}\n", "PL")
    [found] = people.faults
    assert (found.line, found.column) == (3, column)
    assert found.text.startswith(fault)


def test_the_name_of_a_column_cannot_have_a_nul_either() -> None:
    people = read_people("email,wa\0rd\nann@example.com,B\n", "PL")
    assert people.text_faults == ["The name of column 2 has a NUL character."]


def test_a_whole_name_is_a_first_and_a_last_name() -> None:
    [ann] = read_people("email,name\nann@example.com,Ann  van Ono\n", "PL").contacts
    assert (ann["first_name"], ann["last_name"]) == ("Ann", "van Ono")


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([["email", "ward"], ["ann@example.com", "B"], [], [], ["bob@", "C"]], 5),
        ([[], ["email", "ward"], [], ["bob@", "C"]], 4),
        ([[], [], ["bob@"], ["ann@example.com"]], 3),
        ([["email", "ward"], ["ann@example.com", "B\nC"], [], ["bob@", "C"]], 4),
    ],
)
def test_a_fault_of_a_workbook_has_the_number_of_its_row(rows: list[list[str]], line: int) -> None:
    text, fault = decode_text(workbook(rows))
    assert fault == ""
    assert [each.line for each in read_people(text, "PL").faults] == [line]


@pytest.mark.parametrize(
    ("row", "count", "fault"),
    [
        (["ann@example.com"], MAX_ROWS + 2_000, "Too many people: at most 10,000."),
        (["ann@example.com", "x" * 9_000], 2_000, "The text is too long: at most 2 MB."),
    ],
)
def test_a_long_workbook_is_not_read_to_its_end(row: list[str], count: int, fault: str) -> None:
    text, _fault = decode_text(workbook([["email", "ward"], *[row] * count]))
    assert read_people(text, "PL").text_faults == [fault]
    assert len(text) <= MAX_BYTES + 10_000
    assert len(text.splitlines()) <= MAX_ROWS + 2


def test_the_first_lost_values_of_a_workbook_are_named() -> None:
    lost = ["ann@example.com", Raw('<c t="e"><v>#N/A</v></c>')]
    text, fault = decode_text(workbook([["email", "ward"], [], *[lost] * 9]))
    assert text == ""
    assert [f"Line {number}, ward" in fault for number in (3, 7, 8)] == [True, True, False]
