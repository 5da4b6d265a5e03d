"""Adds the funders' report up again, from the file that people get.

    check_books.py WATERFALL.csv SUMMARY.json

The rows of the file sum, funder by funder, to the totals of the summary. At the end of the story, when everything that
was not used was given back, each funder's money is where it must be: what it paid in is what structures claimed, what went
back to it and what is still free. Amounts are decimals, never binary fractions.
"""

import csv
import json
import sys
from collections import defaultdict
from decimal import Decimal

NAMES = ("funder", "funder_id", "programme", "programme_id")


def main(waterfall_csv, summary_json):
    with open(summary_json, encoding="utf-8") as file:
        summary = json.load(file)
    with open(waterfall_csv, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in rows[0] if column not in NAMES]
    sums = defaultdict(lambda: dict.fromkeys(columns, Decimal(0)))
    for row in rows:
        for column in columns:
            sums[row["funder"]][column] += Decimal(row[column])
    told = {row["funder"]: row for row in summary["waterfall"]}
    if set(told) != set(sums):
        raise ValueError(f"funders {sorted(sums)} in the file, {sorted(told)} in the summary")
    for funder, by_column in sums.items():
        for column, amount in by_column.items():
            if f"{amount:.2f}" != told[funder][column]:
                raise ValueError(f"{funder}, {column}: rows make {amount}, the summary says {told[funder][column]}")
        check_funder(funder, by_column)
    for invariant in summary["invariants"]:
        left, right = Decimal(invariant["left"]), Decimal(invariant["right"])
        # One is an upper bound, and says so in its name.
        agrees = left <= right if "≤" in invariant["name"] else left == right
        if not agrees or invariant["holds"] is not True:
            raise ValueError(f"{invariant['name']}: {left} against {right}")
    total = sum(by_column["received"] for by_column in sums.values())
    if total <= 0:
        raise ValueError("nothing was received")
    print(f"{len(rows)} rows, {len(sums)} funders, {total} EUR received: all sums agree")


def check_funder(funder, of):
    """Relations between the columns of one funder."""
    if of["received"] != of["claimed"] + of["returned"] + of["free"]:
        raise ValueError(f"{funder}: {of['received']} in, {of['claimed']} + {of['returned']} + {of['free']} accounted for")
    if of["owed"] != of["claimed"] - of["paid"]:
        raise ValueError(f"{funder}: owed {of['owed']}, claimed {of['claimed']}, paid {of['paid']}")
    for more, less in (("announced", "agreed"), ("agreed", "called"), ("called", "received"), ("received", "activated"),
                       ("ordered", "funded"), ("funded", "activated"), ("activated", "claimed"), ("claimed", "paid")):
        if of[more] < of[less]:
            raise ValueError(f"{funder}: {more} {of[more]} is less than {less} {of[less]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
