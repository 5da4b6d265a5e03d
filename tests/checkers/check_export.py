"""Checks an export of the books as an outsider would: from its files alone, with nothing of the software that wrote them.

    check_export.py FOLDER [HLEDGER]

1. The RFC 9162 root of the leaves in transfers.ndjson is the one in the checkpoint, each line says what its leaf (CBOR) says.
2. Every balance is added up again: no account on the wrong side, clearing accounts at zero together, no voucher below zero or
   above what was activated.
3. Each funder's waterfall from *received* on, worked out from the transfers, is that of waterfall.csv. (`paid` needs the
   settlement lines, `handed_over` the hand-overs: they are not transfers.)
4. Each FEC keeps the published rules: 18 columns in their order, file name, entries numbered without a gap in order of date,
   balanced, comma decimals, mandatory fields, three digits at the head of an account, never debit and credit on one line.
5. With a path to hledger: `hledger check --strict` agrees, and its balances are those of 2.

Amounts are whole cents or decimals, never binary fractions. Of PyPI only cbor2 is used.
"""

import base64
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import cbor2

FUND = "00f00d5e-0000-8000-8000-000000000001"
DEBIT_SIDE = {"bank", "receivable", "recoverable", "charges_owed"}
EITHER_SIDE = {"suspense", "clearing"}
FEC_COLUMNS = ("JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate "
               "EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise").split()
FEC_MANDATORY = ("JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib PieceRef PieceDate EcritureLib Debit "
                 "Credit ValidDate").split()


def require(condition, what):
    if not condition:
        raise ValueError(what)


class Tree:
    """Roots of perfect subtrees, the largest first (RFC 9162, section 2.1)."""

    def __init__(self):
        self.roots = []

    def add(self, leaf):
        self.roots.append((0, hashlib.sha256(b"\0" + leaf).digest()))
        while len(self.roots) > 1 and self.roots[-1][0] == self.roots[-2][0]:
            height, right = self.roots.pop()
            _, left = self.roots.pop()
            self.roots.append((height + 1, hashlib.sha256(b"\1" + left + right).digest()))

    def root(self):
        node = None
        for _, left in reversed(self.roots):
            node = left if node is None else hashlib.sha256(b"\1" + left + node).digest()
        return node if node is not None else hashlib.sha256(b"").digest()


def account_of(leaf):
    account = {"book": str(UUID(bytes=leaf["book"])), "kind": leaf["kind"],
               "party": str(UUID(bytes=leaf["party"])) if "party" in leaf else None}
    if "batch" in leaf:
        account["batch"] = str(UUID(bytes=leaf["batch"]))
    for key in ("series", "idx"):
        if key in leaf:
            account[key] = leaf[key]
    return account


def check_line(place, line, raw):
    leaf = cbor2.loads(raw)
    require(cbor2.dumps(leaf, canonical=True) == raw, f"line {place + 1}: the leaf is not deterministic CBOR")
    told = {key: value for key, value in line.items() if key != "leaf"}
    require(leaf["v"] == 2, f"line {place + 1}: a leaf of another version")
    proven = {"seq": leaf["seq"], "id": str(UUID(bytes=leaf["id"])), "kind": leaf["kind"], "at": leaf["at"],
              "booked_on": leaf["booked_on"]}
    for name in ("digest", "nonce", "commitment", "evidence"):
        if name in leaf:
            proven[name] = base64.b64encode(leaf[name]).decode()
    require(("digest" in leaf) == (leaf["kind"] == "audit_line"), f"line {place + 1}: a digest of no audit line")
    require(("commitment" in leaf) == (leaf["kind"] == "activated") == ("nonce" in leaf), f"line {place + 1}: commitment of no opening")
    require(("evidence" in leaf) == (leaf["kind"] == "claimed") == ("presented" in leaf), f"line {place + 1}: evidence of no claim")
    if leaf["kind"] != "audit_line":
        proven |= {"debit": account_of(leaf["debit"]), "credit": account_of(leaf["credit"]), "cents": leaf["cents"],
                   "event": str(UUID(bytes=leaf["event"])),
                   "reverses": str(UUID(bytes=leaf["reverses"])) if "reverses" in leaf else None,
                   "reference": leaf.get("reference", "")}
    if "presented" in leaf:
        proven["presented"] = leaf["presented"]
    for name in ("claim", "payment"):
        if name in leaf:
            proven[name] = str(UUID(bytes=leaf[name]))
    if paris_month(line["at"]) < line["booked_on"][:7]:
        proven["late"] = True
    require(told == proven, f"line {place + 1} says {told}, its leaf {proven}")
    require(line["seq"] == place, f"line {place + 1}: seq {line['seq']}")
    datetime.fromisoformat(line["at"].replace("Z", "+00:00"))


def paris_month(at):
    return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m")


def key_of(account):
    return tuple(account.get(part) for part in ("book", "kind", "party", "batch", "series", "idx"))


class Books:
    def __init__(self):
        self.balances = defaultdict(int)  # debits less credits
        self.opened = defaultdict(lambda: defaultdict(int))  # voucher: funder: cents
        self.claims = {}
        self.records = 0  # what moves nothing: settlement lines, audit lines
        self.rows = defaultdict(lambda: defaultdict(int))  # (funder, book or None): figure: cents

    def add(self, line):
        if line["kind"] == "audit_line":
            self.records += 1
            return
        debit, credit, cents, kind = line["debit"], line["credit"], line["cents"], line["kind"]
        if "payment" in line:
            # What a payment covers: it stands on one account and moves nothing.
            require(cents > 0 and debit == credit and debit["kind"] == "payable", f"seq {line['seq']}: no settlement line")
            self.records += 1
            return
        require(cents > 0 and debit["book"] == credit["book"], f"seq {line['seq']}: no double entry")
        self.balances[key_of(debit)] += cents
        self.balances[key_of(credit)] -= cents
        book, rows = debit["book"], self.rows
        if kind == "activated":
            self.opened[key_of(credit)][debit["party"]] += cents
            rows[debit["party"], book]["activated"] += cents
        elif kind == "claimed":
            self.claims[line["id"]] = key_of(debit)
        elif kind == "claim_reversed":
            # The order of the log is not that of the commits: the claim may come later.
            self.claims[line["reverses"], "reversed"] = True
        elif kind == "batch_funded":
            rows[debit["party"], book]["funded"] += cents
        elif kind == "batch_cancelled":
            rows[debit["party"], book]["funded"] -= cents
        if credit["kind"] == "refundable" and kind in (
                "revoked", "expired", "batch_expired", "reversed_revoked", "reversed_expired", "reversed_disclosed"):
            rows[credit["party"], book]["back"] += cents
        if credit["kind"] == "deposited" and debit["kind"] in ("bank", "suspense", "receivable"):
            rows[credit["party"], None]["returned" if kind == "rejected" else "received"] += -cents if kind == "rejected" else cents
        if (debit["kind"], credit["kind"]) == ("deposited", "receivable"):
            rows[debit["party"], None]["received"] -= cents
        if debit["kind"] in ("deposited", "in_transit") and credit["kind"] in ("bank", "suspense"):
            rows[debit["party"], None]["returned"] += cents

    def finish(self):
        clearing = 0
        for key, balance in self.balances.items():
            kind = key[1]
            if kind == "clearing":
                clearing += balance
            elif kind in DEBIT_SIDE:
                require(balance >= 0, f"{key} holds {balance}")
            elif kind not in EITHER_SIDE:
                require(balance <= 0, f"{key} holds {balance}")
            if kind == "voucher":
                require(-balance <= sum(self.opened[key].values()), f"voucher {key} above its face value")
            if kind in ("available", "deposited"):
                self.rows[key[2], key[0] if kind == "available" else None]["free"] -= balance
        require(clearing == 0, f"clearing accounts are off by {clearing}")
        for claim, voucher in self.claims.items():
            if isinstance(claim, str) and (claim, "reversed") not in self.claims:
                for funder, cents in self.opened[voucher].items():
                    self.rows[funder, voucher[0]]["claimed"] += cents


def check_waterfall(path, books):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = defaultdict(lambda: defaultdict(int))
    for row in rows:
        amount = {name: int(Decimal(row[name]) * 100) for name in row if re.fullmatch(r"-?\d+\.\d\d", row[name] or "")}
        figures = {"received": amount["received"], "free": amount["free"], "claimed": amount["claimed"],
                   "returned": amount["returned"], "activated": amount["activated"] + amount["revoked"],
                   "funded": amount["funded"] + amount["revoked"], "back": amount["expired"] + amount["revoked"]}
        for name, cents in figures.items():
            told[row["funder_id"]][name] += cents
    ours = defaultdict(lambda: defaultdict(int))
    structures = {key[2] for key in books.balances if key[1] == "payable"}
    for (funder, _), figures in books.rows.items():
        for name, cents in figures.items():
            # A payment to a structure leaves `in_transit` like a refund: it is no funder's.
            if funder not in structures or funder in told:
                ours[funder][name] += cents
    require(told, "the waterfall is empty")
    for funder in set(told) | set(ours):
        for name in ("received", "funded", "activated", "claimed", "back", "returned", "free"):
            require(told[funder][name] == ours[funder][name],
                    f"funder {funder}: {name} is {ours[funder][name]} by the transfers, {told[funder][name]} in the report")
    return len(told)


def check_fec(folder, name):
    match = re.fullmatch(r"(\d{9})FEC(\d{4})(\d{2})(\d{2})\.txt", name)
    require(match, f"{name} is not the name of a FEC")
    year = match[2]
    entries, last_number, last_date, sums = defaultdict(lambda: [Decimal(0), Decimal(0)]), 0, "", 0
    with open(os.path.join(folder, name), encoding="iso8859-15", newline="") as file:
        header = file.readline().rstrip("\r\n").split("\t")
        require(header == FEC_COLUMNS, f"columns {header}")
        for count, text in enumerate(file, 2):
            fields = text.rstrip("\r\n").split("\t")
            require(len(fields) == 18, f"{name} line {count}: {len(fields)} columns")
            line = dict(zip(FEC_COLUMNS, fields))
            for column in FEC_MANDATORY:
                require(line[column].strip(), f"{name} line {count}: {column} is empty")
            require(re.fullmatch(r"\d{3}.*", line["CompteNum"]), f"{name} line {count}: CompteNum {line['CompteNum']}")
            require(bool(line["CompAuxNum"]) == bool(line["CompAuxLib"]), f"{name} line {count}: half an auxiliary account")
            for column in ("EcritureDate", "PieceDate", "ValidDate"):
                day = line[column]
                date(int(day[:4]), int(day[4:6]), int(day[6:]))
            require(line["EcritureDate"][:4] == year and line["EcritureDate"] >= last_date, f"{name} line {count}: date")
            last_date = line["EcritureDate"]
            require(line["ValidDate"] >= line["EcritureDate"], f"{name} line {count}: validated before it was written")
            amounts = []
            for column in ("Debit", "Credit"):
                require(re.fullmatch(r"\d+,\d\d", line[column]), f"{name} line {count}: {column} {line[column]}")
                amounts.append(Decimal(line[column].replace(",", ".")))
            require((amounts[0] > 0) != (amounts[1] > 0), f"{name} line {count}: both sides, or none")
            number = int(line["EcritureNum"])
            require(number in (last_number, last_number + 1), f"{name} line {count}: number {number} after {last_number}")
            last_number = number
            entries[number][0] += amounts[0]
            entries[number][1] += amounts[1]
            sums += line["JournalCode"] != "AN"
    for number, (debits, credits) in entries.items():
        require(debits == credits, f"{name}: entry {number} is not balanced")
    return sums // 2


def check_hledger(program, journal, books):
    run = lambda *args: subprocess.run([program, "-f", journal, *args], check=True, capture_output=True, text=True).stdout
    run("check", "--strict", "ordereddates")
    told = {row["account"]: int(Decimal(row["balance"].replace(" EUR", "")) * 100)
            for row in csv.DictReader(run("balance", "--flat", "--empty", "--no-total", "-O", "csv").splitlines())}
    ours = defaultdict(int)
    for (book, kind, party, batch, _, _), balance in books.balances.items():
        ours[":".join(part for part in ("fonds" if book == FUND else book, kind, party, batch) if part)] += balance
    require(told == dict(ours), f"hledger has {sorted(set(told.items()) ^ set(ours.items()))[:4]}")


def main(folder, hledger=None):
    tree, books, count, last_day = Tree(), Books(), 0, ""
    with open(os.path.join(folder, "transfers.ndjson"), encoding="utf-8") as file:
        for place, text in enumerate(file):
            line = json.loads(text)
            raw = base64.b64decode(line["leaf"], validate=True)
            check_line(place, line, raw)
            require(line["booked_on"] >= last_day, f"line {place + 1}: the day goes back")
            last_day = line["booked_on"]
            tree.add(raw)
            books.add(line)
            count += 1
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as file:
        origin, size, root = file.read().split("\n")[:3]
    require(int(size) == count, f"{count} lines, the checkpoint of {origin} has {size}")
    require(base64.b64encode(tree.root()).decode() == root, f"the lines make another root than {root}")
    books.finish()
    funders = check_waterfall(os.path.join(folder, "waterfall.csv"), books)
    fecs = sorted(name for name in os.listdir(folder) if "FEC" in name)
    require(fecs, "no FEC")
    entries = sum(check_fec(folder, name) for name in fecs)
    require(entries == count - books.records, f"{entries} entries in the FEC, {count - books.records} transfers")
    if hledger:
        check_hledger(hledger, os.path.join(folder, "journal.hledger"), books)
    print(f"{count} transfers, root {root}: balances, {funders} funders, {len(fecs)} FEC agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
