"""Verifies a structure's evidence as an outsider would: with the public key and RFC 9162, and nothing of the software that made it.

    check_evidence.py EVIDENCE.zip VKEY [TOKENS.txt]

Each entry's leaf (deterministic CBOR) says what its line says, its inclusion proof leads to the root of the checkpoint, which the
key signed (Ed25519, C2SP signed-note). Then the claims are added up again. Prints them: claims, claimed, owed (cents).

With the codes of vouchers, one a line, each is verified by an independent COSE library with the keys of the archive, and found among
the vouchers claimed there.
"""

import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

import cbor2
from check_tokens import expand, fields, keys, token_bytes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cwt import COSE

OF_STRUCTURES = ("payable", "in_transit", "recoverable")


def require(condition, what):
    if not condition:
        raise ValueError(what)


def open_checkpoint(note, vkey):
    name, _, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key)
    require(key[0] == 1, "not an Ed25519 key")
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        _, signer, blob = line.split(" ", 2)
        if signer == name:
            blob = base64.b64decode(blob)
            require(blob[:4] == hashlib.sha256(name.encode() + b"\n\x01" + key[1:]).digest()[:4], "key hash")
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
            origin, size, root = text.split("\n")[:3]
            require(origin == name, "another log")
            return int(size), base64.b64decode(root)
    raise ValueError("not signed by this key")


def root_of(index, size, leaf, path):
    """RFC 9162, section 2.1.3.2."""
    node, last = index, size - 1
    for beside in path:
        require(last > 0, "the proof is too long")
        if node & 1 or node == last:
            leaf = hashlib.sha256(b"\1" + beside + leaf).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\1" + leaf + beside).digest()
        node, last = node >> 1, last >> 1
    require(last == 0, "the proof is too short")
    return leaf


def check_tokens(path, jwks, claimed):
    known, cose, count = keys(jwks), COSE.new(), 0
    with open(path, encoding="utf-8") as file:
        for text in filter(None, map(str.strip, file)):
            token = token_bytes(text)
            it = fields(token)
            cose.decode(expand(token), known[it["kid"]])
            require((it["series"], it["idx"]) in claimed, f"voucher {it['series']}-{it['idx']} is not claimed here")
            require(claimed[(it["series"], it["idx"])] == it["cents"], "the claim is of another amount than the token")
            count += 1
    require(count > 0, "no token to check")
    return count


def main(path, vkey, tokens=None):
    with zipfile.ZipFile(path) as archive:
        require(archive.testzip() is None, "damaged")
        names = archive.namelist()
        text = {name: archive.read(name).decode() for name in names}
    require(names == ["LISEZMOI.txt", "checkpoint", "checkpoint.vkey", "cles.json", "ecritures.ndjson", "encaissements.csv"], names)
    size, root = open_checkpoint(text["checkpoint"], vkey)
    require(json.loads(text["cles.json"])["keys"] is not None, "keys")
    claimed, owed, parties, seen, covered, vouchers = defaultdict(int), 0, set(), set(), 0, {}
    for line in text["ecritures.ndjson"].splitlines():
        line = json.loads(line)
        told, raw = line["transfer"], base64.b64decode(line["transfer"]["leaf"])
        leaf = cbor2.loads(raw)
        require(cbor2.dumps(leaf, canonical=True) == raw, "not deterministic CBOR")
        require((leaf["seq"], str(UUID(bytes=leaf["id"])), leaf["cents"], leaf["kind"]) == (told["seq"], told["id"], told["cents"], told["kind"]), told)
        path = [base64.b64decode(beside) for beside in line["path"]]
        require(root_of(leaf["seq"], size, hashlib.sha256(b"\0" + raw).digest(), path) == root, f"seq {leaf['seq']}: another root")
        require(leaf["seq"] not in seen, f"seq {leaf['seq']} twice")
        seen.add(leaf["seq"])
        own = [side for side in ("debit", "credit") if told[side]["kind"] in OF_STRUCTURES]
        parties.update(told[side]["party"] for side in own)
        if "claim" in told:
            covered += 1
            continue
        owed += sum(told["cents"] if side == "credit" else -told["cents"] for side in own)
        if told["kind"] == "claimed":
            claimed[told["event"]] += told["cents"]
            vouchers[(told["debit"]["series"], told["debit"]["idx"])] = told["cents"]
    require(len(parties) == 1, f"entries of {parties}")
    rows = {row["encaissement"]: row for row in csv.DictReader(io.StringIO(text["encaissements.csv"]))}
    proven = {claim for claim, row in rows.items() if row["preuve"] == "oui"}
    require(proven == set(claimed), "the table and the entries name other claims")
    for claim in proven:
        require(Decimal(rows[claim]["montant"]) * 100 == claimed[claim], f"claim {claim}")
        require(len(rows[claim]["cheques"].split()) > 0, f"claim {claim} without vouchers")
    print(f"{len(claimed)} claims, {sum(claimed.values())} claimed, {owed} owed, {covered} lines")
    if tokens:
        print(f"{check_tokens(tokens, json.loads(text['cles.json']), vouchers)} tokens verified by an independent COSE library")


if __name__ == "__main__":
    main(*sys.argv[1:])
