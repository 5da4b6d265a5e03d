"""Checks a FEC (fichier des écritures comptables) by the published rules, each under its name.

    check_fec.py FILE...

The rules are those of article A47 A-1 of the Livre des procédures fiscales, and those that the tax administration's own
checker "Test Compta Demat" applies (its source is public: github.com/DGFiP/Test-Compta-Demat). No independent checker is on
PyPI. Nothing is taken from the software that wrote the file.

Several files are consecutive years of the same books: each must open with the balances that the one before closes with.
Prints one line a file: entries, debits, credits. A broken rule ends it with its name and the line.
"""

import os
import re
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal

# A47 A-1, VII-1°: names and order.
COLUMNS = ("JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate "
           "EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise").split()
MAY_BE_EMPTY = {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
PAIRS = (("CompAuxNum", "CompAuxLib"), ("EcritureLet", "DateLet"), ("Montantdevise", "Idevise"))
ONE_NAME = (("JournalCode", "JournalLib"), ("CompteNum", "CompteLib"), ("CompAuxNum", "CompAuxLib"))


class Broken(ValueError):
    def __init__(self, rule, where, what):
        super().__init__(f"[{rule}] {where}: {what}")
        self.rule = rule


class Year:
    """One file."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.accounts = defaultdict(Decimal)  # (CompteNum, CompAuxNum): debit - credit, at the end
        self.opening = defaultdict(Decimal)
        self.entries = self.lines = self.late = 0
        self.debits = self.credits = Decimal(0)
        self.file_name()
        with open(path, "rb") as file:
            raw = file.read()
        self.read(self.decode(raw))

    def broken(self, rule, what, line=None):
        where = self.name if line is None else f"{self.name}, line {line}"
        raise Broken(rule, where, what)

    def file_name(self):
        match = re.fullmatch(r"(\d{9})FEC(\d{4})(\d{2})(\d{2})\.txt", self.name)
        if not match:
            self.broken("file name SirenFECAAAAMMJJ", "another name")
        self.closing = date(int(match[2]), int(match[3]), int(match[4]))
        siren = [int(digit) for digit in match[1]]
        luhn = sum(sum(divmod(digit * (1 + n % 2), 10)) for n, digit in enumerate(siren))
        if luhn % 10:
            self.broken("file name SirenFECAAAAMMJJ", f"{match[1]} is no SIREN")

    def decode(self, raw):
        # VII-2°: ASCII, ISO 8859-15 or EBCDIC; every byte string is ISO 8859-15, so the C1 controls tell another one apart.
        text = raw.decode("iso8859-15")
        if raw.startswith(b"\xef\xbb\xbf") or re.search("[\x80-\x9f]", text) or "Ã" in text:
            self.broken("encoding ASCII or ISO 8859-15", "other bytes")
        if text.count("\n") != text.count("\r\n") or not text.endswith("\r\n"):
            self.broken("lines end alike, the last one too", "mixed or missing line ends")
        return text

    def read(self, text):
        head, *lines = text.split("\r\n")[:-1]
        separator = "\t" if "\t" in head else "|"
        if head.split(separator) != COLUMNS:
            self.broken("18 columns, their names and order", head)
        names, number, last_day, sums = {}, 0, "", defaultdict(Decimal)
        opening_over = False
        for count, content in enumerate(lines, 2):
            fields = content.split(separator)
            if len(fields) != 18 or (separator == "\t") == ("|" in content):
                self.broken("18 fields a line, no separator inside", f"{len(fields)} fields", count)
            line = dict(zip(COLUMNS, fields))
            self.form(line, count)
            for key, name in ONE_NAME:
                known = names.setdefault((key, line[key]), line[name])
                if known != line[name]:
                    self.broken("one number, one name", f"{key} {line[key]}: {known!r} and {line[name]!r}", count)
            if line["EcritureDate"] < last_day or line["ValidDate"] < last_day:
                self.broken("in order of validation", f"{line['EcritureDate']} after {last_day}", count)
            last_day = line["ValidDate"]
            this = int(line["EcritureNum"])
            if this not in (number, number + 1) or (number == 0 and this != 1):
                self.broken("EcritureNum without a gap, from 1", f"{this} after {number}", count)
            if this != number and sums[number] != 0:
                self.broken("each entry balances", f"entry {number}: {sums[number]}", count)
            number = this
            debit, credit = amount(line["Debit"]), amount(line["Credit"])
            sums[number] += debit - credit
            opening = line["JournalCode"] == "AN"
            if opening and (opening_over or line["EcritureDate"][4:] != "0101"):
                self.broken("opening balances first", "an opening line after another one", count)
            opening_over = opening_over or not opening
            account = (line["CompteNum"], line["CompAuxNum"])
            if opening:
                if line["CompteNum"][0] in "67":
                    self.broken("opening balances are those of the balance sheet", line["CompteNum"], count)
                self.opening[account] += debit - credit
            self.accounts[account] += debit - credit
            self.debits += debit
            self.credits += credit
            self.lines += 1
            late = line["PieceDate"][:6] < line["EcritureDate"][:6]
            if late != ("tardive" in line["EcritureLib"]):
                self.broken("a late entry says so", line["EcritureLib"], count)
            self.late += late
        if sums[number] != 0:
            self.broken("each entry balances", f"entry {number}: {sums[number]}")
        if self.debits != self.credits:
            self.broken("the file balances", f"{self.debits} and {self.credits}")
        self.entries = number

    def form(self, line, count):
        for column, value in line.items():
            if value != value.strip() or (not value and column not in MAY_BE_EMPTY):
                self.broken("mandatory fields are given", f"{column} is {value!r}", count)
        for one, other in PAIRS:
            if bool(line[one]) != bool(line[other]):
                self.broken("both or none", f"{one} and {other}", count)
        if not re.fullmatch(r"[1-8]\d{2}\w*", line["CompteNum"], re.ASCII):
            self.broken("CompteNum begins with three digits of the PCG", line["CompteNum"], count)
        for column in ("EcritureDate", "PieceDate", "ValidDate"):
            day = line[column]
            try:
                calendar = date(int(day[:4]), int(day[4:6]), int(day[6:]))
            except ValueError:
                calendar = None
            if not re.fullmatch(r"\d{8}", day) or calendar is None:
                self.broken("dates AAAAMMJJ of the calendar", f"{column} {day}", count)
            if column == "EcritureDate" and not date(self.closing.year, 1, 1) <= calendar <= self.closing:
                self.broken("entries of the year", day, count)
        for column in ("Debit", "Credit"):
            if not re.fullmatch(r"\d+,\d\d", line[column]):
                self.broken("amounts with a comma and two decimals", f"{column} {line[column]}", count)
        if (amount(line["Debit"]) == 0) == (amount(line["Credit"]) == 0):
            self.broken("a debit or a credit, never both or none", f"{line['Debit']} and {line['Credit']}", count)


def amount(text):
    return Decimal(text.replace(",", "."))


def closing_balances(year):
    """What the next year opens with: charges and products make the result."""
    balances, result = defaultdict(Decimal), Decimal(0)
    for (number, party), balance in year.accounts.items():
        if number[0] in "67" or number in ("120", "129"):
            result += balance
        elif balance:
            balances[number, party] = balance
    if result:
        balances["129" if result > 0 else "120", ""] = result
    return balances


def main(*paths):
    before = None
    for path in sorted(paths, key=os.path.basename):
        year = Year(path)
        expected = closing_balances(before) if before else {}
        if before and before.closing.year + 1 != year.closing.year:
            year.broken("a file a year", f"{before.name} comes before")
        if dict(year.opening) != dict(expected):
            year.broken("opens as the year before closed", f"{dict(year.opening)} instead of {dict(expected)}")
        print(f"{year.name}: {year.entries} entries, {year.lines} lines, {year.debits} = {year.credits}, {year.late} late lines")
        before = year


if __name__ == "__main__":
    main(*sys.argv[1:])
