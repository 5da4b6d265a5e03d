"""Checks the bank files of a demonstration against the ISO 20022 schemas, and their sums.

    check_pain001.py PAIN.001.xml [CAMT.053.xml]

The schemas come inside two packages that write such files for other people (`sepaxml`, `camt053`). With a statement,
every transfer of the payment file must be on it once, for the same amount, and come back at most once.
"""

import collections
import decimal
import importlib.util
import pathlib
import re
import sys

from lxml import etree
from stdnum import bic, iban

PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def schema(package, name):
    """An ISO schema, found in the package without importing it."""
    folder = pathlib.Path(importlib.util.find_spec(package).origin).parent
    return etree.XMLSchema(etree.parse(next(folder.glob(f"**/{name}.xsd")), PARSER))


def load(path, package):
    """The file, valid against the schema that its namespace names."""
    tree = etree.parse(path, PARSER)
    namespace = etree.QName(tree.getroot()).namespace
    name = namespace.rpartition(":")[2]
    schema(package, name).assertValid(tree)
    return tree.getroot(), name, {"d": namespace}


def euros(element):
    """An amount in euros with at most two decimals."""
    if element.get("Ccy", "EUR") != "EUR":
        raise ValueError(f"currency {element.get('Ccy')}")
    amount = decimal.Decimal(element.text)
    if amount != amount.quantize(decimal.Decimal("0.01")) or amount < 0:
        raise ValueError(f"amount {amount}")
    return amount


def check_counts(part, transfers, ns, name):
    """`NbOfTxs` and `CtrlSum` say what is there."""
    count, total = part.findtext("d:NbOfTxs", namespaces=ns), part.findtext("d:CtrlSum", namespaces=ns)
    amounts = sum((euros(x) for t in transfers for x in t.findall("d:Amt/d:InstdAmt", ns)), decimal.Decimal(0))
    if count is None or int(count) != len(transfers):
        raise ValueError(f"{name}: {count} transfers announced, {len(transfers)} there")
    if total is None or decimal.Decimal(total) != amounts:
        raise ValueError(f"{name}: control sum {total}, transfers make {amounts}")
    return amounts


def check_payments(path):
    """The payment file; gives the amount of each end-to-end id."""
    root, name, ns = load(path, "sepaxml")
    if name != "pain.001.001.09":
        raise ValueError(f"expected pain.001.001.09, found {name}")
    header = root.find("d:CstmrCdtTrfInitn/d:GrpHdr", ns)
    everything = root.findall(".//d:CdtTrfTxInf", ns)
    total = check_counts(header, everything, ns, "header")
    for part in root.findall(".//d:PmtInf", ns):
        check_counts(part, part.findall("d:CdtTrfTxInf", ns), ns, "payment")
    amounts, accounts = {}, collections.Counter()
    for transfer in everything:
        end_to_end = transfer.findtext("d:PmtId/d:EndToEndId", namespaces=ns)
        if not re.fullmatch("[0-9a-f]{32}", end_to_end) or end_to_end in amounts:
            raise ValueError(f"end-to-end id {end_to_end}: not 32 hex digits, or twice")
        amounts[end_to_end] = euros(transfer.find("d:Amt/d:InstdAmt", ns))
        accounts[transfer.findtext("d:CdtrAcct/d:Id/d:IBAN", namespaces=ns)] += 1
    if not amounts:
        raise ValueError("no transfer")
    for account in [*accounts, *(x.text for x in root.findall(".//d:DbtrAcct/d:Id/d:IBAN", ns))]:
        iban.validate(account)
    for code in root.findall(".//d:BICFI", ns):
        bic.validate(code.text)
    twice = [account for account, count in accounts.items() if count > 1]
    if twice:
        raise ValueError(f"{len(twice)} account(s) are paid more than once in one settlement")
    print(f"{name}: valid, {len(everything)} transfers, {total} EUR")
    return amounts


def check_statement(path, payments):
    """The statement: its balances, and the payments on it."""
    root, name, ns = load(path, "camt053")
    sign = lambda entry: -1 if entry.findtext("d:CdtDbtInd", namespaces=ns) == "DBIT" else 1
    balances = {
        balance.findtext("d:Tp/d:CdOrPrtry/d:Cd", namespaces=ns): sign(balance) * euros(balance.find("d:Amt", ns))
        for balance in root.findall(".//d:Stmt/d:Bal", ns)
    }
    entries = root.findall(".//d:Stmt/d:Ntry", ns)
    moved = sum((sign(entry) * euros(entry.find("d:Amt", ns)) for entry in entries), decimal.Decimal(0))
    if balances["OPBD"] + moved != balances["CLBD"]:
        raise ValueError(f"{balances['OPBD']} + {moved} is not {balances['CLBD']}")
    debited, returned = collections.Counter(), collections.Counter()
    for entry in entries:
        for detail in entry.findall(".//d:TxDtls", ns):
            end_to_end = detail.findtext("d:Refs/d:EndToEndId", namespaces=ns)
            amount = detail.find("d:Amt", ns)
            if end_to_end not in payments:
                continue
            if amount is not None and euros(amount) != payments[end_to_end]:
                raise ValueError(f"{end_to_end}: {amount.text} on the statement, {payments[end_to_end]} sent")
            (debited if sign(entry) < 0 else returned)[end_to_end] += 1
    if set(debited) != set(payments) or max(debited.values()) > 1:
        raise ValueError(f"{len(debited)} of {len(payments)} transfers were debited, each once")
    if len(returned) != 1 or max(returned.values()) > 1:
        raise ValueError(f"one transfer must come back, not {len(returned)}")
    print(f"{name}: valid, {len(entries)} entries, closes at {balances['CLBD']} EUR, one transfer came back")


def main(pain001, camt053=None):
    payments = check_payments(pain001)
    if camt053:
        check_statement(camt053, payments)


if __name__ == "__main__":
    main(*sys.argv[1:])
