"""What the transfers say, added up by somebody who knows the table of accounts and nothing of the software."""

import base64
from collections import defaultdict

DEBIT_SIDE = {"bank", "receivable", "recoverable", "charges_owed"}
EITHER_SIDE = {"suspense", "clearing"}
FIGURES = ("received", "funded", "activated", "claimed", "paid", "expired", "revoked", "returned", "free")


def require(condition, what):
    if not condition:
        raise ValueError(what)


def key_of(account):
    return tuple(account.get(part) for part in ("book", "kind", "party", "batch", "series", "idx"))


class Books:
    def __init__(self):
        self.balances = defaultdict(int)  # debits less credits, in cents
        self.opened = defaultdict(dict)  # voucher: funder: cents that it paid
        self.claims = defaultdict(list)  # (book, claim): its vouchers, each with the id of its transfer
        self.reversed = set()
        self.lines = defaultdict(lambda: defaultdict(int))  # payment's reference: (book, claim): cents covered
        self.moved = defaultdict(int)  # payment: what left payable for it
        self.covered = defaultdict(int)  # payment: the sum of its lines
        self.debited, self.came_back = set(), set()
        self.figures = defaultdict(lambda: defaultdict(int))  # funder: figure: cents
        self.records = 0

    def add(self, line):
        if line["kind"] == "audit_line":
            require(len(base64.b64decode(line["digest"], validate=True)) == 32, f"seq {line['seq']}: no digest")
            return
        debit, credit, cents, kind = line["debit"], line["credit"], line["cents"], line["kind"]
        require(cents > 0 and debit["book"] == credit["book"], f"seq {line['seq']}: no double entry")
        if kind in ("settlement_line", "settlement_deduction"):
            return self.record(line)
        require(key_of(debit) != key_of(credit), f"seq {line['seq']}: one account on both sides")
        self.balances[key_of(debit)] += cents
        self.balances[key_of(credit)] -= cents
        book, pair = debit["book"], (debit["kind"], credit["kind"])
        if kind == "batch_funded":
            self.figures[debit["party"]]["funded"] += cents
        elif kind == "batch_cancelled":
            self.figures[credit["party"]]["funded"] -= cents
        elif kind == "activated":
            shares = self.opened[key_of(credit)]
            shares[debit["party"]] = shares.get(debit["party"], 0) + cents
            self.figures[debit["party"]]["activated"] += cents
        elif kind == "claimed":
            self.claims[book, line["event"]].append((line["id"], key_of(debit)))
        elif kind == "claim_reversed":
            self.reversed.add(line["reverses"])
        elif kind == "settled" and debit["kind"] == "payable":
            self.moved[line["event"]] += cents
        elif kind in ("expired", "batch_expired", "reversed_expired"):
            self.figures[credit["party"]]["expired"] += cents
        elif kind in ("revoked", "reversed_revoked", "reversed_disclosed"):
            self.figures[credit["party"]]["revoked"] += cents
        # The bank's side. A refund that comes back is the funder's free money again: it was not returned.
        if credit["kind"] == "deposited" and debit["kind"] in ("bank", "suspense", "receivable"):
            name, sign = ("returned", -1) if kind == "rejected" else ("received", 1)
            self.figures[credit["party"]][name] += sign * cents
        if pair == ("deposited", "receivable"):
            # A mandate that was not honoured.
            self.figures[debit["party"]]["received"] -= cents
        if pair[0] in ("deposited", "in_transit") and pair[1] in ("bank", "suspense"):
            self.figures[debit["party"]]["returned"] += cents
            self.debited.add(line["reference"])
        if credit["kind"] == "clearing" and (pair[0] == "bank" or (kind == "rejected" and pair[0] == "in_transit")
                                             or (kind == "explained" and pair[0] == "suspense")):
            self.came_back.add(line["reference"])

    def record(self, line):
        require(line["debit"] == line["credit"] and line["debit"]["kind"] == "payable",
                f"seq {line['seq']}: a settlement line stands on one payable account")
        sign = 1 if line["kind"] == "settlement_line" else -1
        self.records += 1
        self.covered[line["event"]] += sign * line["cents"]
        self.lines[line["reference"]][line["debit"]["book"], line["claim"]] += sign * line["cents"]

    def finish(self):
        """Bounds hold at the end: the order of the log is not that of the commits."""
        clearing = 0
        for key, balance in self.balances.items():
            kind, party = key[1], key[2]
            if kind == "clearing":
                clearing += balance
            elif kind in DEBIT_SIDE:
                require(balance >= 0, f"{key} holds {balance}")
            elif kind not in EITHER_SIDE:
                require(balance <= 0, f"{key} holds {balance}")
            if kind == "voucher":
                require(-balance <= sum(self.opened[key].values()), f"voucher {key} is above its face value")
            if kind in ("available", "deposited"):
                self.figures[party]["free"] -= balance
        require(clearing == 0, f"clearing accounts are off by {clearing}")
        for payment in self.moved.keys() | self.covered.keys():
            moved, covered = self.moved.get(payment, 0), self.covered.get(payment, 0)
            require(moved == covered, f"payment {payment} moved {moved} and covers {covered}")
        for (book, _), vouchers in self.claims.items():
            for transfer, voucher in vouchers:
                if transfer not in self.reversed:
                    self.by_funder("claimed", voucher, 1)
        self.paid()
        structures = {key[2] for key in self.balances if key[1] == "payable"}
        # What left for a structure left `in_transit` as a refund does: it is no funder's.
        return {funder: figures for funder, figures in self.figures.items() if funder not in structures}

    def paid(self):
        """Claims by the payments that left and did not come back, in the shares of who paid their vouchers."""
        covered = defaultdict(int)
        for reference, lines in self.lines.items():
            if reference in self.debited and reference not in self.came_back:
                for claim, cents in lines.items():
                    covered[claim] += cents
        for claim, cents in covered.items():
            vouchers = self.claims[claim]
            whole = sum(sum(self.opened[voucher].values()) for _, voucher in vouchers)
            require(cents in (0, whole, -whole), f"claim {claim} of {whole} is paid {cents}")
            for _, voucher in vouchers:
                self.by_funder("paid", voucher, (cents > 0) - (cents < 0))

    def by_funder(self, figure, voucher, sign):
        for funder, cents in self.opened[voucher].items():
            self.figures[funder][figure] += sign * cents
