"""Reads the waterfall's workbook with another library, and compares it with the report's JSON.

    check_workbook.py WORKBOOK.xlsx REPORT.json

Amounts must be numbers in a euro format, the header frozen, and every amount and sum those of the JSON. Decimals, never sums of
binary fractions.
"""

import json
import sys
from decimal import Decimal

import openpyxl

NAMES = ("funder", "funder_id", "programme", "programme_id")


def require(condition, what):
    if not condition:
        raise ValueError(what)


def read(sheet, names):
    """The rows below the header: their texts, and their amounts as decimals."""
    head = next(row for row in sheet.iter_rows() if row[0].value == "Financeur")
    require(sheet.freeze_panes == sheet.cell(head[0].row + 1, names + 1).coordinate, f"{sheet.title}: {sheet.freeze_panes} is frozen")
    require(all(cell.font.bold for cell in head), f"{sheet.title}: the header is not bold")
    require(sheet.page_setup.orientation == "landscape", f"{sheet.title}: not printed on the long side")
    rows = []
    for row in sheet.iter_rows(min_row=head[0].row + 1):
        for cell in row[names:]:
            require(cell.data_type == "n" and cell.value is not None, f"{sheet.title} {cell.coordinate}: {cell.value!r} is no number")
            require("€" in cell.number_format and "0.00" in cell.number_format, f"{cell.coordinate}: {cell.number_format}")
        rows.append(([cell.value for cell in row[:names]], [Decimal(str(cell.value)) for cell in row[names:]]))
    return [cell.value for cell in head[names:]], rows


def main(workbook_xlsx, report_json):
    workbook = openpyxl.load_workbook(workbook_xlsx)
    with open(report_json, encoding="utf-8") as file:
        report = json.load(file)
    programmes, funders, explained = workbook.worksheets
    columns = [row[2].value for row in explained.iter_rows(min_row=2)]
    titles = [row[0].value for row in explained.iter_rows(min_row=2)]
    require(all(len(row[1].value) > 20 for row in explained.iter_rows(min_row=2)), "a column is not explained")
    for sheet, names, expected in ((programmes, 2, report["rows"]), (funders, 1, report["totals"])):
        head, rows = read(sheet, names)
        require(head == titles, f"{sheet.title}: {head}")
        require(len(rows) == len(expected), f"{sheet.title}: {len(rows)} rows, {len(expected)} in the report")
        for (texts, amounts), row in zip(rows, expected):
            require(texts[0] == row["funder"], f"{texts} for {row['funder']}")
            if names == 2:
                require(texts[1] == (row["programme"] or "(non affecté)"), f"{texts}")
            require(set(columns) == set(row) - set(NAMES), f"columns {columns}, the report has {list(row)}")
            require(amounts == [Decimal(row[column]) for column in columns], f"{texts}: {amounts}")
    sums = [sum(row[1][n] for row in read(programmes, 2)[1]) for n in range(len(columns))]
    require(sums == [sum(Decimal(row[column]) for row in report["rows"]) for column in columns], "sums")
    print(f"{len(report['rows'])} rows, {len(columns)} columns: the workbook and the report agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
