"""Compares our reading of CFONB 120 statements with that of `python-cfonb`.

    check_cfonb.py FOLDER

For each NAME.txt in the folder, NAME.json is what we read: balances, days, and of each movement its amount, days, end-to-end id,
remittance and the other side's account.
"""

import decimal
import json
import pathlib
import sys

from cfonb import StatementReader


def cents(amount):
    scaled = decimal.Decimal(amount) * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than two decimals")
    return int(scaled)


def words(text):
    """Without spaces: the package trims each of the two lines that a text is cut into, and a space at the cut is lost."""
    return text.replace(" ", "") if text else None


def movement(line):
    remittance = [line.get(f"remittance_information_{n}", "") for n in (1, 2)]
    text = words("".join(remittance))
    came_in = line["amount"] >= 0
    return {
        "cents": cents(line["amount"]),
        "booked_on": line["operation_date"],
        "value_on": line["value_date"],
        "end_to_end": line.get("end2end_identification") or None,
        "remittance": text or None,
        "counterparty_iban": line.get("debtor_account" if came_in else "creditor_account") or None,
    }


def read(path):
    with open(path, encoding="utf-8") as file:
        [statement] = StatementReader().parse(file)
    return {
        "account": statement.account_nb,
        "opening": [cents(statement.header["prev_amount"]), statement.header["prev_date"]],
        "closing": [cents(statement.footer["next_amount"]), statement.footer["next_date"]],
        "movements": [movement(line) for line in statement.lines],
    }


def main(folder):
    files = movements = 0
    for path in sorted(pathlib.Path(folder).glob("*.txt")):
        theirs, ours = read(path), json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        for one in ours["movements"]:
            one["remittance"] = words(one["remittance"])
        if theirs != ours:
            raise ValueError(f"{path.name}:\n we read   {ours}\n they read {theirs}")
        files += 1
        movements += len(ours["movements"])
    if not movements:
        raise ValueError("nothing was compared")
    print(f"agreed on {movements} movements of {files} statements")


if __name__ == "__main__":
    main(*sys.argv[1:])
