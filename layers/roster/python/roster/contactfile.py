"""A file of contacts as a person made it: which columns it has, and what each row says or has wrong.

Pure, and total: any text gives rows and problems. Nothing is known here of the contacts that there are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from roster.cells import (
    AS_UTF8,
    GARBLED,
    Wrong,
    clean,
    date_of,
    day_comes_first,
    email_of,
    kind_of,
    level_of,
    number_of,
)

MOST_ROWS = 5_000
# The columns, in the order in which they are exported, and what each is called here.
COLUMNS: Mapping[str, str] = {
    "kind": "kind",
    "first name": "first",
    "last name": "last",
    "e-mail": "email",
    "SIS number": "number",
    "grade": "grade",
    "phone": "phone",
    "security value": "security",
    "level": "level",
    "children": "children",
    "origin": "origin",
    "inactive since": "inactive",
    "id": "id",
}
CAPTIONS = {name: caption for caption, name in COLUMNS.items()}
ALSO = {"first": "first", "last": "last", "email": "email", "number": "number", "student number": "number"}
BY_CAPTION = {caption.casefold(): name for caption, name in COLUMNS.items()} | ALSO
KEPT_HERE = ("", "file", "manual")  # the origins of contacts that people keep by hand
TOLD_ONLY = ("on file", "blank")  # what a list says of a security value: as good as nothing
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line, in which column, and what to do about it. Never what the cell holds."""

    line: int
    column: str
    problem: str
    help: str

    @classmethod
    def of(cls, line: int, wrong: Wrong) -> Problem:
        return cls(line, CAPTIONS.get(wrong.field, wrong.field), wrong.problem, wrong.help)


@dataclass(frozen=True)
class Row:
    """What one line says: the cells that are not blank, by their names here."""

    line: int
    kind: str
    said: Mapping[str, str] = field(repr=False)


@dataclass
class Sheet:
    """A file that was read. `skipped`: rows that are not meant for us, by reason. `readable`: its columns are known."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    readable: bool = True

    def unreadable(self, problem: str, help: str) -> Sheet:
        return Sheet(problems=[Problem(1, "", problem, help)], readable=False)


def read(text: str) -> Sheet:
    """The file's rows, and all that is wrong with it."""
    sheet, lines = Sheet(), list(_lines(text))
    if not lines or "kind" not in (columns := [BY_CAPTION.get(_caption(one), "") for one in lines[0][1]]):
        named = ", ".join(list(COLUMNS)[:-3])
        return sheet.unreadable(
            "the first line does not name the columns", f"It has to have kind, and may have: {named}."
        )
    if len(lines) - 1 > MOST_ROWS:
        say = f"Split it into files of at most {MOST_ROWS:,} rows, parents in the last one."
        return sheet.unreadable(f"the file has {len(lines) - 1:,} rows", say)
    _check_columns(columns, lines[0][1], sheet)
    day_first = _day_first(columns, lines[1:])
    for line, cells in lines[1:]:
        _read_row(line, _by_column(columns, cells), len(cells) > len(columns), day_first, sheet)
    return sheet


def _lines(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each line that is not empty, with the number that an editor shows."""
    whole = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    first = next((line for line in whole.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    lines, before = csv.reader(StringIO(whole, newline=""), delimiter=separator), 0
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KB
            cells = ["\n"]
        if any(cell.strip() or cell == "\n" for cell in cells):
            yield before + 1, cells
        before = lines.line_num


def _caption(cell: str) -> str:
    return " ".join(cell.replace("_", " ").split()).casefold()


def _check_columns(columns: list[str], cells: Sequence[str], sheet: Sheet) -> None:
    """Columns that mean nothing here, and those that are there twice, are said and not read."""
    for n, name in enumerate(columns):
        if not name and cells[n].strip():
            known = ", ".join(COLUMNS)
            sheet.problems.append(Problem(1, cells[n].strip()[:40], "there is no such column", f"There are: {known}."))
        elif name and name in columns[:n]:
            sheet.problems.append(Problem(1, CAPTIONS[name], "this column is there twice", "Take one out."))
            columns[n] = ""


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}


def _day_first(columns: Sequence[str], lines: Sequence[tuple[int, Sequence[str]]]) -> bool:
    return any(day_comes_first(_by_column(columns, cells).get("security", "")) for _, cells in lines)


def _read_row(line: int, cells: Mapping[str, str], longer: bool, day_first: bool, sheet: Sheet) -> None:
    origin = cells.get("origin", "").strip()
    if origin.casefold() not in KEPT_HERE or cells.get("inactive"):
        sheet.skipped["inactive" if origin.casefold() in KEPT_HERE else origin[:40]] += 1
        return
    said, wrong = dict[str, str](), list[Wrong]()
    if longer:
        wrong.append(Wrong("", "more cells than there are columns", "Put text with a comma in quotation marks."))
    for name, cell in cells.items():
        try:
            said[name] = _cell(name, cell, day_first)
        except Wrong as one:
            wrong.append(one)
    wrong += _misplaced(said, "kind" in cells)
    sheet.problems += [Problem.of(line, one) for one in wrong]
    garbled = [name for name, cell in said.items() if GARBLED.search(cell)]
    sheet.warnings += [Problem(line, CAPTIONS[one], "accents look garbled", AS_UTF8) for one in garbled]
    if not wrong:
        sheet.rows.append(Row(line, said.pop("kind"), {name: cell for name, cell in said.items() if cell}))


def _cell(name: str, raw: str, day_first: bool) -> str:
    cell = clean(name, raw)
    if name == "security":
        return "" if cell.casefold() in TOLD_ONLY else date_of(cell, day_first)
    checks = {"kind": kind_of, "email": email_of, "number": number_of, "level": level_of}
    return checks[name](cell) if name in checks else cell


def _misplaced(said: Mapping[str, str], has_kind: bool) -> Iterator[Wrong]:
    if not has_kind:
        yield Wrong("kind", "the kind is missing", "Write teacher, student, parent or administrator.")
    kind = said.get("kind")
    if kind and kind != "student" and said.get("security"):
        yield Wrong("security", f"a {kind} has no security value", "Leave it blank; only students have one.")
    if kind and kind != "parent" and said.get("children"):
        yield Wrong("children", f"a {kind} has no children here", "Leave it blank; only parents have them.")
