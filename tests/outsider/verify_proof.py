"""A proof of /funding/v1/proofs/…, checked by an outsider with Python's standard library alone.

    verify_proof.py FILE [--vkey KEY]

One entry, all entries of an event, or that one checkpoint extends another (RFC 9162 section 2.1). What is shown of an entry is what its
leaf says.
"""

import argparse
import base64
import json
import sys

import cbor
import log
from verify_books import plain


def main(args):
    with open(args.file, encoding="utf-8") as file:
        proof = json.load(file)
    vkey = args.vkey or proof["vkey"]
    _, size, root, _ = log.read_checkpoint(log.open_note(proof["checkpoint"], vkey))
    hashes = lambda path: [base64.b64decode(node, validate=True) for node in path]
    if "older" in proof:
        _, before, before_root, _ = log.read_checkpoint(log.open_note(proof["older"], vkey))
        if not log.consistency(before, size, before_root, root, hashes(proof["path"])):
            raise ValueError(f"{size} leaves do not extend {before}")
        return print(f"{size} leaves extend {before}")
    for entry in proof.get("entries", [proof]):
        raw = base64.b64decode(entry["transfer"]["leaf"], validate=True)
        shown = {key: value for key, value in entry["transfer"].items() if key != "leaf"}
        proven = plain(cbor.loads(raw))
        if shown != proven:
            raise ValueError(f"the entry shown is {shown}, its leaf says {proven}")
        seq = proven["seq"]
        if not log.inclusion(log.leaf_hash(raw), seq, size, hashes(entry["path"]), root):
            raise ValueError(f"entry {seq} is not in the log")
        print(f"entry {seq} ({proven['kind']}, {proven['cents']} cents) is in the log of {size} leaves")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--vkey")
    try:
        main(parser.parse_args())
    except ValueError as wrong:
        sys.exit(f"NOT PROVEN: {wrong}")
