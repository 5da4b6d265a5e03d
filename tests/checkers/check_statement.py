"""Reads the data of an adversarial statement with software that is not ours, and adds everything up again.

    check_statement.py etat-contradictoire.json

The bytes are canonical JSON (RFC 8785: members in order, no space); per batch and funder, funded = claimed + refundable and
refundable = expired + revoked + cancelled; the funders' sums are those of their batches, the total is that of the funders.
"""

import json
import sys
from decimal import Decimal

FIGURES = ["ordered", "funded", "activated", "handed_over", "claimed", "paid", "unpaid", "expired", "revoked", "cancelled", "refundable"]


def require(condition, what):
    if not condition:
        sys.exit(f"check_statement: {what}")


def amounts(of):
    for name in FIGURES:
        require(len(of[name].split(".")[1]) == 2, f"{name} {of[name]} is not in cents")
    return {name: Decimal(of[name]) for name in FIGURES}


def check_line(where, line):
    require(line["refundable"] == line["expired"] + line["revoked"] + line["cancelled"], f"{where}: refundable")
    require(line["funded"] == line["claimed"] + line["refundable"], f"{where}: funded is not claimed + refundable")
    require(line["unpaid"] == line["claimed"] - line["paid"], f"{where}: unpaid")
    require(line["handed_over"] <= line["activated"] <= line["funded"], f"{where}: out of order")


def main():
    raw = open(sys.argv[1], "rb").read()
    statement = json.loads(raw)
    canonical = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    require(raw == canonical, "the bytes are not canonical JSON")
    sums = {}
    for batch in statement["batches"]:
        require(sum(Decimal(funder["rate"]) for funder in batch["funders"]) == 1, f"rates of {batch['id']}")
        for funder in batch["funders"]:
            line = amounts(funder)
            check_line(f"batch {batch['id']}, {funder['name']}", line)
            mine = sums.setdefault(funder["id"], dict.fromkeys(FIGURES, Decimal(0)))
            for name in FIGURES:
                mine[name] += line[name]
        ordered = sum(Decimal(funder["ordered"]) for funder in batch["funders"])
        require(ordered == batch["booklets"] * batch["booklet_size"] * Decimal(batch["face_value"]), "the whole batch is not ordered")
    total = dict.fromkeys(FIGURES, Decimal(0))
    for funder in statement["funders"]:
        line = amounts(funder)
        require(line == sums.get(funder["id"], dict.fromkeys(FIGURES, Decimal(0))), f"{funder['name']}: not the sum of the batches")
        owed = line["refundable"] + Decimal(funder["trued_up"]) - Decimal(funder["refunded"])
        require(owed == Decimal(funder["to_refund"]), f"{funder['name']}: to give back")
        for name in FIGURES:
            total[name] += line[name]
    require(amounts(statement["total"]) == total, "the total is not that of the funders")
    parties = statement["contest"]["parties"]
    require(parties[0]["sponsor"], "the sponsor is not the first party")
    print(f"{len(parties)} parties, {len(statement['funders'])} funders, {len(statement['batches'])} batches: agrees")


main()
