"""Proves a reconciliation run's file with Python's `json` and `cryptography` alone.

    check_reconciliation.py RUN.note VERIFIER_KEY

The file is a C2SP signed note: a canonical JSON document (RFC 8785) on one line, an empty line, signature lines. The key has the
form `name+hash+base64`.
"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"


def read_key(text):
    name, short, encoded = text.strip().split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    if blob[:1] != ED25519 or len(blob) != 33:
        raise ValueError("not an Ed25519 key")
    digest = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if digest.hex() != short:
        raise ValueError("the key's hash is another key's")
    return name, digest, Ed25519PublicKey.from_public_bytes(blob[1:])


def signed_text(note, name, digest, key):
    text, signatures = note.rsplit(b"\n\n", 1)
    text += b"\n"
    for line in signatures.decode().splitlines():
        mark, signer, encoded = line.split(" ", 2)
        blob = base64.b64decode(encoded, validate=True)
        if mark == "\u2014" and signer == name and blob[:4] == digest:
            key.verify(blob[4:], text)
            return text
    raise ValueError(f"not signed by {name}")


def cents(amount):
    euros, _, fraction = amount.partition(".")
    if len(fraction) != 2:
        raise ValueError(f"{amount} has no two decimals")
    return int(euros + fraction)


def check(document):
    verdict = document["verdict"]
    failing = [one["name"] for one in document["invariants"] if not one["holds"]]
    for one in document["invariants"]:
        # One invariant says "at most"; all others say "equal".
        if one["holds"] and cents(one["left"]) != cents(one["right"]) and "≤" not in one["name"]:
            raise ValueError(f"{one['name']} is said to hold")
    old = [one for one in document["breaks"] if one["age_days"] > verdict["break_days_max"]]
    counted = (len(failing), not failing, len(document["breaks"]), len(old))
    if counted != (verdict["failing"], verdict["all_hold"], verdict["open_breaks"], verdict["old_breaks"]):
        raise ValueError(f"the verdict is {verdict}, we count {counted}")
    if any(one["state"] == "closed" for one in document["breaks"]):
        raise ValueError("a closed break is listed")
    last = document["statements"]["last"]
    if last:
        [bank] = [one for one in document["invariants"] if one["name"].startswith("Compte bancaire")]
        if cents(bank["right"]) != cents(last["closing"]):
            raise ValueError("the bank's side is not the last closing balance")
    return failing


def main(path, vkey):
    with open(path, "rb") as file:
        note = file.read()
    text = signed_text(note, *read_key(vkey))
    document = json.loads(text)
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if text != canonical + b"\n":
        raise ValueError("the document is not canonical")
    failing = check(document)
    verdict = f"FAILS: {'; '.join(failing)}" if failing else "holds"
    print(f"run {document['number']}: {len(document['invariants'])} invariants, {len(document['breaks'])} breaks, {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
