"""The FEC (article A47 A-1 of the Livre des procedures fiscales), written anew from the lines: all its columns but names and labels."""

import os
import re
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NAME = re.compile(r"\d{9}FEC(\d{4})1231\.txt$")
COLUMNS = ["JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib", "PieceRef",
           "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"]
NAMES = {"JournalLib", "CompteLib", "CompAuxLib", "EcritureLib"}
ACCOUNTS = {"bank": "512", "receivable": "441", "deposited": "4670", "suspense": "471", "in_transit": "4675", "clearing": "581",
            "available": "4671", "reserved": "4672", "voucher": "4673", "payable": "4674", "recoverable": "4679", "refundable": "4676",
            "charges_owed": "4678"}
ORDER = {kind: n for n, kind in enumerate(("bank", "receivable", "deposited", "suspense", "in_transit", "clearing", "available", "reserved",
                                           "voucher", "payable", "recoverable", "refundable", "charges_owed"))}


def amount(cents):
    return f"{cents // 100},{cents % 100:02}"


class Fec:
    def __init__(self, folder, names):
        self.folder, self.files = folder, {}
        for name in names:
            year = int(NAME.match(name)[1])
            if year in self.files:
                raise ValueError(f"two FEC of {year}")
            self.files[year] = name
        self.year, self.rows, self.number = None, iter(()), 0
        self.balances, self.read = defaultdict(int), set()

    def expect(self, line):
        if not self.files:
            return
        year = int(line["booked_on"][:4])
        while self.year is None or self.year < year:
            self.close()
            self.begin(year if self.year is None else self.year + 1)
        day = line["booked_on"].replace("-", "")
        own = datetime.fromisoformat(line["at"].replace("Z", "+00:00")).astimezone(PARIS)
        journal = "BQ" if "bank" in (line["debit"]["kind"], line["credit"]["kind"]) else "OD"
        for side, sign in (("debit", 1), ("credit", -1)):
            key = (line[side]["kind"], line[side].get("party"))
            self.row(journal, self.number, day, key, line["reference"] or line["event"], own.strftime("%Y%m%d"), sign * line["cents"],
                     f"(tardive : fait du {own:%d/%m/%Y})" if line.get("late") else "")
            self.balances[key] += sign * line["cents"]
        self.number += 1

    def begin(self, year):
        self.year, self.number = year, 1
        self.rows = self.read_rows(year)
        # Accounts in the order of the table above, then of their owners.
        carried = sorted((ORDER[kind], party or "", kind, cents) for (kind, party), cents in self.balances.items() if cents)
        carried = [((kind, party or None), cents) for _, party, kind, cents in carried]
        for key, cents in carried:
            self.row("AN", 1, f"{year}0101", key, f"AN-{year}", f"{year}0101", cents, "")
        self.number = 2 if carried else 1

    def read_rows(self, year):
        if year not in self.files:
            return None
        self.read.add(year)
        with open(os.path.join(self.folder, self.files[year]), encoding="iso-8859-15", newline="") as file:
            lines = file.read().split("\r\n")
        if lines[0].split("\t") != COLUMNS or lines.pop():
            raise ValueError(f"{self.files[year]}: not the 18 columns, or cut off")
        return iter(list(enumerate(lines, 1))[1:])

    def row(self, journal, number, day, key, piece, piece_day, cents, late):
        if self.rows is None:
            return
        at, text = next(self.rows, (0, ""))
        told = dict(zip(COLUMNS, text.split("\t")))
        expected = {"JournalCode": journal, "EcritureNum": str(number), "EcritureDate": day, "CompteNum": ACCOUNTS[key[0]],
                    "CompAuxNum": key[1] or "", "PieceDate": piece_day, "Debit": amount(max(cents, 0)), "Credit": amount(max(-cents, 0)),
                    "EcritureLet": "", "DateLet": "", "ValidDate": day, "Montantdevise": "", "Idevise": ""}
        # How a reference is spelt in ISO 8859-15 is told by its plain characters.
        plain = lambda text: re.sub(r"[^A-Za-z0-9]", "", text.encode("ascii", "ignore").decode())
        for name, value in expected.items():
            if told.get(name) != value:
                raise ValueError(f"{self.files[self.year]}, line {at}: {name} is {told.get(name)!r}, by the lines {value!r}")
        if piece.isascii() and plain(told["PieceRef"]) != plain(piece):
            raise ValueError(f"{self.files[self.year]}, line {at}: PieceRef is {told['PieceRef']!r}, by the lines {piece!r}")
        if not told["EcritureLib"].endswith(late):
            raise ValueError(f"{self.files[self.year]}, line {at}: the label does not say {late!r}")

    def close(self):
        if self.rows is not None:
            for at, text in self.rows:
                raise ValueError(f"{self.files.get(self.year)}, line {at}: no entry of the log: {text}")

    def end(self):
        self.close()
        for year in self.files:
            if year not in self.read:
                raise ValueError(f"{self.files[year]}: the log has no entry of that year")
