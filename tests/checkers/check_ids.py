"""Compares our decisions about SIREN, SIRET and IBAN with those of `python-stdnum`.

    check_ids.py DECISIONS.csv

The table has the columns `kind` (siren, siret, iban), `number` and `valid` (true, false), written by a Rust test from
random numbers.
"""

import collections
import csv
import sys

from stdnum import iban
from stdnum.fr import siren, siret

OTHERS = {
    "siren": siren.is_valid,
    "siret": siret.is_valid,
    # ISO 13616 only: a country's own check inside the account number is no part of it.
    "iban": lambda number: iban.is_valid(number, check_country=False),
}


def main(decisions_csv):
    agreed = collections.Counter()
    with open(decisions_csv, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ours, theirs = row["valid"] == "true", OTHERS[row["kind"]](row["number"])
            if ours != theirs:
                raise ValueError(f"{row['kind']} {row['number']}: we say {ours}, stdnum says {theirs}")
            agreed[row["kind"], ours] += 1
    for kind in OTHERS:
        if not agreed[kind, True] or not agreed[kind, False]:
            raise ValueError(f"no valid or no invalid {kind} was compared")
    told = ", ".join(f"{count} {'valid' if valid else 'invalid'} {kind}" for (kind, valid), count in sorted(agreed.items()))
    print(f"agreed on {told}")


if __name__ == "__main__":
    main(*sys.argv[1:])
