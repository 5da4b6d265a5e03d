"""The books, checked by an outsider: from `transfers.ndjson` and `checkpoint` alone, with Python's standard library alone.

    verify_books.py FOLDER [--vkey KEY] [--cosigner KEY]... [--older CHECKPOINT]

1. The leaves make the root that the checkpoint says (RFC 9162), each line says what its leaf (RFC 8949) says, `seq` has no gap, the
   day never goes back; what is booked later than its own month says so. With --vkey, the checkpoint is signed by that key; with
   --cosigner, by that one too; with --older, it extends the one that was kept.
2. Every balance is added up again.
3. Each funder's waterfall from *received* on, `paid` included (hand-overs are in nobody's books). Where the folder has a
   `waterfall.csv`, it agrees to the cent; where it has `closes.ndjson`, nothing is booked in a month after its close.
4. Each `SirenFECAAAA1231.txt` has the lines of its year, in their order (fec.py): all columns but names and labels.
5. Where the folder has a `journal.hledger`, it has one entry a transfer, with its day, place, accounts and cents; and where hledger is
   installed, its balances are those of 2.

Prints what it found as JSON, with the files that it did not look at. Fails with the line of the first thing that is wrong; a checkpoint
given as --older that is newer than the books is a mix-up, and proves nothing.
"""

import argparse
import base64
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import cbor
import fec
import log
from books import FIGURES, Books, require

FUND = "00f00d5e-0000-8000-8000-000000000001"
PARIS = ZoneInfo("Europe/Paris")
IDS = {"id", "event", "reverses", "claim", "payment", "book", "party", "batch"}


def plain(leaf):
    """A leaf as a line writes it."""
    told = {key: plain(value) if isinstance(value, dict) else str(UUID(bytes=value)) if key in IDS
            else base64.b64encode(value).decode() if isinstance(value, bytes) else value for key, value in leaf.items()}
    if "seq" in leaf:
        require(told.pop("v") == 2, f"seq {leaf['seq']}: a leaf of another version")
        if leaf["kind"] != "audit_line":
            told.setdefault("reverses", None)
            told.setdefault("reference", "")
        if own_month(told["at"]) < told["booked_on"][:7]:
            told["late"] = True
    else:
        told.setdefault("party", None)
    return told


def own_month(at):
    return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(PARIS).strftime("%Y-%m")


class MixUp(Exception):
    """The files cannot be judged with one another; nothing is wrong with them."""


def read_lines(folder):
    with open(os.path.join(folder, "transfers.ndjson"), encoding="utf-8") as file:
        for place, text in enumerate(file):
            line = json.loads(text)
            require("leaf" in line, f"line {place + 1}: gone from the books")
            raw = base64.b64decode(line.pop("leaf"), validate=True)
            proven = plain(cbor.loads(raw))
            require(line == proven, f"line {place + 1} says {line}, its leaf {proven}")
            require(line["seq"] == place, f"line {place + 1}: seq {line['seq']}")
            yield place, line, raw


def read_closes(folder, vkey):
    """Month and size of each close; signed, where the key is known."""
    path, closes = os.path.join(folder, "closes.ndjson"), []
    if os.path.exists(path):
        for line in open(path, encoding="utf-8"):
            note = json.loads(line)["checkpoint"]
            text = log.open_note(note, vkey) if vkey else note.rpartition("\n\n")[0]
            _, size, root, more = log.read_checkpoint(text)
            month = next(line.removeprefix("closed ") for line in more if line.startswith("closed "))
            require(not closes or (next_month(closes[-1][0]) == month and closes[-1][1] <= size), f"the close of {month} is out of order")
            closes.append((month, size, root))
    return closes


def next_month(month):
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def sealed_hashes(path):
    """The hash that was sealed for each line: where the root only says that something changed, they say where."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            while node := file.read(32):
                yield node
    while True:
        yield None


def waterfall(path):
    told = defaultdict(lambda: defaultdict(int))
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cents = lambda name: int(Decimal(row[name] or 0) * 100)
            figures = {"received": cents("received"), "free": cents("free"), "claimed": cents("claimed"), "paid": cents("paid"),
                       "returned": cents("returned"), "activated": cents("activated") + cents("revoked"),
                       "funded": cents("funded") + cents("revoked"), "expired": cents("expired"),
                       "revoked": cents("revoked")}
            for name, value in figures.items():
                told[row["funder_id"]][name] += value
    return told


def account(told):
    parts = ("fonds" if told["book"] == FUND else told["book"], told["kind"], told.get("party"), told.get("batch"))
    return ":".join(part for part in parts if part)


class Journal:
    """The entries of `journal.hledger`, read one after the other beside the lines."""

    HEAD = re.compile(r"(\d{4}-\d\d-\d\d) \* \((\d+)\) (\w+)(?: \| .*)?$")
    LEG = re.compile(r" {4}(\S+)  (-?\d+\.\d\d) EUR$")

    def __init__(self, path):
        self.lines = self.read(path)

    @staticmethod
    def read(path):
        begun = False
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                line = line.rstrip("\n")
                begun = begun or line[:4].isdigit()
                if line.lstrip().startswith(";") or not line or line.startswith("account "):
                    continue
                if not begun and line in ("decimal-mark .", "commodity 1000.00 EUR"):
                    continue
                require(begun, f"journal.hledger, line {number}: {line}")
                yield number, line

    def expect(self, line):
        number, head = next(self.lines, (0, ""))
        found = self.HEAD.match(head)
        require(found and found.groups() == (line["booked_on"], str(line["seq"]), line["kind"]),
                f"journal.hledger, line {number}: not entry {line['seq']}: {head}")
        for side, sign in (("debit", 1), ("credit", -1)):
            number, text = next(self.lines, (0, ""))
            leg = self.LEG.match(text)
            told = leg and (leg[1], int(Decimal(leg[2]) * 100))
            require(told == (account(line[side]), sign * line["cents"]), f"journal.hledger, line {number}: not the {side} of {line['seq']}: {text}")

    def end(self):
        for number, line in self.lines:
            raise ValueError(f"journal.hledger, line {number}: no entry of the log: {line}")


def check_hledger(program, journal, balances):
    out = subprocess.run([program, "-f", journal, "balance", "--flat", "--empty", "--no-total", "-O", "csv"],
                         check=True, capture_output=True, text=True).stdout
    told = {row["account"]: int(Decimal(row["balance"].replace(" EUR", "")) * 100) for row in csv.DictReader(out.splitlines())}
    ours = defaultdict(int)
    for (book, kind, party, batch, _, _), cents in balances.items():
        ours[":".join(part for part in ("fonds" if book == FUND else book, kind, party, batch) if part)] += cents
    require(told == dict(ours), f"hledger differs: {sorted(set(told.items()) ^ set(ours.items()))[:4]}")


def main(args):
    with open(os.path.join(args.folder, "checkpoint"), encoding="utf-8") as file:
        note = file.read()
    text = log.open_note(note, args.vkey) if args.vkey else note.rpartition("\n\n")[0]
    for cosigner in args.cosigner:
        require(log.open_note(note, cosigner) == text or not args.vkey, "co-signed another text")
    origin, size, root, more = log.read_checkpoint(text)
    older = log.read_checkpoint(open(args.older, encoding="utf-8").read().rpartition("\n\n")[0]) if args.older else None
    if older and older[1] > size:
        raise MixUp(f"the checkpoint given as --older has {older[1]} lines, these books {size}: it is newer. Give one that was kept before "
                    "this export, or a newer export")
    closes = read_closes(args.folder, args.vkey)
    if os.path.exists(os.path.join(args.folder, "closes.ndjson")):
        known = {(month, upto) for month, upto, _ in closes}
        for extensions, upto in [(more, size)] + ([(older[3], older[1])] if older else []):
            for month, at in log.closes_known(extensions, upto):
                require((month, at) in known, f"closes.ndjson leaves out the close of {month} at {at} lines")

    sealed = sealed_hashes(os.path.join(args.folder, "leaf-hashes"))
    names = sorted(os.listdir(args.folder))
    path = os.path.join(args.folder, "journal.hledger")
    journal = Journal(path) if "journal.hledger" in names else None
    years = fec.Fec(args.folder, [name for name in names if fec.NAME.match(name)])
    tree, books, last_day, late = log.Tree(), Books(), "", 0
    for place, line, raw in read_lines(args.folder):
        require(line["booked_on"] >= last_day, f"line {place + 1}: the day goes back")
        last_day = line["booked_on"]
        closed = max((month for month, upto, _ in closes if upto <= place), default="")
        require(last_day[:7] > closed, f"line {place + 1}: booked on {last_day}, when {closed} was closed")
        require(next(sealed) in (None, log.leaf_hash(raw)), f"line {place + 1}: not what was sealed")
        late += line.get("late", False)
        tree.add(raw)
        books.add(line)
        if line["kind"] not in ("settlement_line", "settlement_deduction", "audit_line"):
            if journal:
                journal.expect(line)
            years.expect(line)
        for what, upto, at_close in closes + ([("the older checkpoint", older[1], older[2])] if older else []):
            require(upto != tree.size or at_close == tree.root(), f"line {place + 1}: the lines up to here are not those of {what}")
    require(tree.size == size, f"{tree.size} lines, the checkpoint of {origin} has {size}")
    require(tree.root() == root, "the lines make another root than the checkpoint's")

    figures = books.finish()
    report = os.path.join(args.folder, "waterfall.csv")
    if os.path.exists(report):
        told = waterfall(report)
        for funder in set(told) | set(figures):
            for name in FIGURES:
                ours = figures.get(funder, {}).get(name, 0)
                require(ours == told[funder][name], f"funder {funder}: {name} is {ours} by the lines, {told[funder][name]} in the report")
    years.end()
    hledger = shutil.which("hledger")
    if journal:
        journal.end()
        if hledger:
            check_hledger(hledger, path, books.balances)
    looked_at = {"transfers.ndjson", "checkpoint", "leaf-hashes", "closes.ndjson", "waterfall.csv", "journal.hledger", *years.files.values()}
    print(json.dumps({
        "lines": size, "settlement_lines": books.records, "late": late, "root": base64.b64encode(root).decode(),
        "closed": [month for month, _, _ in closes], "fec": sorted(years.files.values()),
        "hledger": None if not journal else "entries and balances" if hledger else "entries",
        "not_looked_at": [name for name in names if name not in looked_at],
        "funders": {funder: {name: figures[funder].get(name, 0) for name in FIGURES} for funder in sorted(figures)},
    }, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--vkey")
    parser.add_argument("--cosigner", action="append", default=[])
    parser.add_argument("--older")
    try:
        main(parser.parse_args())
    except MixUp as wrong:
        print(f"NOTHING JUDGED: {wrong}", file=sys.stderr)
        sys.exit(2)
    except ValueError as wrong:
        sys.exit(f"NOT INTACT: {wrong}")
