"""Asks hledger itself what the exported journal holds, and compares that with the report.

    check_hledger.py FOLDER [HLEDGER]

`hledger check --strict` first. Then, of each funder, what hledger sums from the journal is what waterfall.csv says: received,
allocated and free, funded, activated, what went back; and of each programme, what structures were credited for claims.
"""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal


def main(folder, program="hledger"):
    journal = os.path.join(folder, "journal.hledger")

    def run(*arguments):
        return subprocess.run([program, "-f", journal, *arguments], check=True, capture_output=True, text=True).stdout

    def balances(*query):
        rows = csv.DictReader(run("balance", "--flat", "--empty", "--no-total", "-O", "csv", *query).splitlines())
        return {row["account"]: Decimal(row["balance"].removesuffix(" EUR")) for row in rows}

    def credited(kind, *query):
        """Credits less debits, by (book, party)."""
        sums = defaultdict(Decimal)
        for account, balance in balances(rf"acct:^[^:]*:{kind}(:|$)", *query).items():
            book, _, *party = account.split(":")
            sums[book, party[0] if party else ""] -= balance
        return sums

    run("check", "--strict", "ordereddates")
    everything = balances()
    if sum(everything.values()) != 0:
        raise ValueError(f"the journal is out of balance by {sum(everything.values())}")
    with open(os.path.join(folder, "waterfall.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError("the report is empty")
    received = credited("deposited", r"desc:^(received|mandated|mandate_cancelled|explained)\b")
    # What the bank took back was received, and is returned.
    taken_back = credited("deposited", r"desc:^explained\b", "amt:>0")
    deposited, available = credited("deposited"), credited("available")
    funded = credited("available", r"desc:^batch_funded\b")
    cancelled = credited("reserved", r"desc:^batch_cancelled\b")
    activated = credited("reserved", r"desc:^activated\b")
    back = credited("refundable", r"desc:^(revoked|expired|batch_expired|claim_reversed)\b")
    claims = [credited(kind, r"desc:^(claimed|claim_reversed)\b") for kind in ("payable", "recoverable")]

    def same(what, who, journal_says, report_says):
        if journal_says != report_says:
            raise ValueError(f"{who}: {what} is {journal_says} in the journal, {report_says} in the report")

    totals, claimed = defaultdict(lambda: defaultdict(Decimal)), defaultdict(Decimal)
    for row in rows:
        funder, book = row["funder_id"], row["programme_id"]
        of = {name: Decimal(value) for name, value in row.items() if name not in ("funder", "funder_id", "programme", "programme_id")}
        totals[funder]["received"] += of["received"]
        if not book:
            same("free", (funder, "unallocated"), deposited["fonds", funder], of["free"])
            continue
        who = (funder, book)
        same("free", who, available[book, funder], of["free"])
        same("funded", who, -funded[book, funder] + cancelled[book, funder], of["funded"] + of["revoked"])
        same("activated", who, -activated[book, funder], of["activated"] + of["revoked"])
        same("expired and revoked", who, back[book, funder], of["expired"] + of["revoked"])
        claimed[book] += of["claimed"]
    for funder, of in totals.items():
        same("received", funder, received["fonds", funder] - taken_back["fonds", funder], of["received"])
    for book, cents in claimed.items():
        same("claimed", book, sum(sums[who] for sums in claims for who in sums if who[0] == book), cents)
    print(f"{len(everything)} accounts, {len(totals)} funders, {len(claimed)} programmes: the journal and the report agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
