"""Asks hledger itself what the exported journal holds, and compares that with the report.

    check_hledger.py FOLDER [HLEDGER]

`hledger check --strict` first. Then, of each funder, what hledger sums from the journal is what waterfall.csv says: received,
allocated and free, funded, activated, what went back; and of each programme, what structures were credited for claims.

hledger holds a journal in memory, some kilobytes an entry. So it sums one kind of entry at a time, in pieces of at most
PIECE_ENTRIES; a journal that is longer than a piece is also checked piece by piece, each with all declarations of accounts.
"""

import csv
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from decimal import Decimal

PIECE_ENTRIES = 200_000


def split(journal, folder):
    """The journal's pieces as (kind of entry, path)."""
    with open(journal, encoding="utf-8") as file:
        accounts = [line for line in file if line.startswith("account ")]
    head, entries, pieces, out = [], Counter(), [], {}
    with open(journal, encoding="utf-8") as file:
        into = head
        for line in file:
            if line[:1].isdigit():
                kind = line.split(") ", 1)[1].split(" |")[0].strip()
                if entries[kind] % PIECE_ENTRIES == 0:
                    pieces.append((kind, os.path.join(folder, f"{len(pieces)}.journal")))
                    if kind in out:
                        out[kind].close()
                    out[kind] = open(pieces[-1][1], "w", encoding="utf-8")
                    out[kind].writelines(head)
                entries[kind] += 1
                into = out[kind]
            if line.startswith("account "):
                continue
            into.append(line) if into is head else into.write(line)
    for file in out.values():
        file.close()
    for _, path in pieces:
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(accounts)
    return pieces


def main(folder, program="hledger"):
    journal = os.path.join(folder, "journal.hledger")

    def run(path, *arguments):
        return subprocess.run([program, "-f", path, *arguments], check=True, capture_output=True, text=True).stdout

    def check(path):
        run(path, "check", "--strict", "ordereddates")

    def balance_of(path, *query):
        rows = csv.DictReader(run(path, "balance", "--flat", "--empty", "--no-total", "-O", "csv", *query).splitlines())
        return [(row["account"], Decimal(row["balance"].removesuffix(" EUR"))) for row in rows]

    by_kind, taken_back = defaultdict(lambda: defaultdict(Decimal)), defaultdict(Decimal)
    with tempfile.TemporaryDirectory() as scratch:
        pieces = split(journal, scratch)
        short = len(pieces) == len({kind for kind, _ in pieces})
        if short:
            check(journal)
        for kind, path in pieces:
            if not short:
                check(path)
            for account, balance in balance_of(path):
                by_kind[kind][account] += balance
            if kind == "explained":
                # What the bank took back was received, and is returned.
                for account, balance in balance_of(path, "amt:>0"):
                    taken_back[account] += balance
            os.remove(path)

    def balances(kinds):
        sums = defaultdict(Decimal)
        for kind in kinds or by_kind:
            for account, balance in by_kind[kind].items():
                sums[account] += balance
        return sums

    def credited(name, *kinds):
        """Credits less debits of accounts of this name, in entries of these kinds (all, when none is given), by (book, party)."""
        sums = defaultdict(Decimal)
        for account, balance in balances(kinds).items():
            book, of, *party = account.split(":")
            if of == name:
                sums[book, party[0] if party else ""] -= balance
        return sums

    everything = balances(())
    if sum(everything.values()) != 0:
        raise ValueError(f"the journal is out of balance by {sum(everything.values())}")
    with open(os.path.join(folder, "waterfall.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError("the report is empty")
    received = credited("deposited", "received", "mandated", "mandate_cancelled", "explained")
    deposited, available = credited("deposited"), credited("available")
    funded = credited("available", "batch_funded")
    cancelled = credited("reserved", "batch_cancelled")
    activated = credited("reserved", "activated")
    back = credited("refundable", "revoked", "expired", "batch_expired", "reversed_revoked", "reversed_expired", "reversed_disclosed")
    claims = [credited(kind, "claimed", "claim_reversed") for kind in ("payable", "recoverable")]

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
        same("received", funder, received["fonds", funder] + taken_back[f"fonds:deposited:{funder}"], of["received"])
    for book, cents in claimed.items():
        same("claimed", book, sum(sums[who] for sums in claims for who in sums if who[0] == book), cents)
    print(f"{len(everything)} accounts, {len(totals)} funders, {len(claimed)} programmes: the journal and the report agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
