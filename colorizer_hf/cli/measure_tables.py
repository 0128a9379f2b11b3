"""Tables of measures, as `colorizer evaluate` prints them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

WIDEST = 300  # columns of text


class Column(NamedTuple):
    """One measure: its heading, its attribute in reports, its format."""

    heading: str
    measure: str
    format: str


def measured(columns: Iterable[Column], rows: Sequence[object]) -> list[Column]:
    """The columns of what was computed for any of the rows."""
    return [column for column in columns if any(getattr(row, column.measure) is not None for row in rows)]


def print_measures(lines: Mapping[str, object], columns: Sequence[Column]) -> None:
    """Print one line for each of `lines`; a measure that a line does not have is left empty."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for label, line in lines.items():
        values = [(getattr(line, column.measure, None), column.format) for column in columns]
        table.add_row(label, *("" if value is None else f"{value:{form}}" for value, form in values))
    # A terminal that is too narrow breaks lines; fitted into it, the table would leave figures out.
    width = Console(width=WIDEST).measure(table).maximum
    Console(width=width).print(table)


__all__ = ["Column", "measured", "print_measures"]
