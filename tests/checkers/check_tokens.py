"""Checks the tokens of a demonstration with an independent COSE library.

    check_tokens.py VOUCHERS.csv KEYS.json

Each token's 86 bytes are expanded to the CWT that they stand for and verified by `cwt`, with nothing but the
published keys. The short codes are computed again, from the definition and not from our code. Prints what was
checked and exits with 1 at the first disagreement.
"""

import base64
import csv
import hashlib
import json
import sys

import cbor2
from cwt import COSE, COSEKey, VerifyError

TOKEN_BYTES = 86
SIGNATURE_BYTES = 64
GROUP_BYTES, GROUP_DIGITS = 7, 17
TAIL_BYTES, TAIL_DIGITS = 2, 5
EPOCH_2020 = 1577836800
ED25519 = -19
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def token_bytes(text):
    """The bytes behind the text of a QR code."""
    prefix, mark, digits = text.partition("/v#")
    if not prefix.startswith("https://") or not mark or prefix != prefix.lower():
        raise ValueError(f"unexpected address: {text[:40]}")
    groups = TOKEN_BYTES // GROUP_BYTES
    if len(digits) != groups * GROUP_DIGITS + TAIL_DIGITS or not digits.isdigit():
        raise ValueError("not 209 digits")
    parts = [digits[n * GROUP_DIGITS : (n + 1) * GROUP_DIGITS] for n in range(groups)]
    token = b"".join(int(part).to_bytes(GROUP_BYTES, "big") for part in parts)
    return token + int(digits[groups * GROUP_DIGITS :]).to_bytes(TAIL_BYTES, "big")


def fields(token):
    """What the fixed layout says."""
    if token[0] != 1 or len(token) != TOKEN_BYTES:
        raise ValueError("unknown format")
    number = lambda first, last: int.from_bytes(token[first:last], "big")
    return {
        "kid": token[1:5],
        "series": number(5, 7),
        "idx": number(7, 10),
        "cents": number(10, 12),
        "day": number(12, 14),
        "id": token[14:22],
        "signature": token[22:],
    }


def expand(token):
    """The COSE_Sign1 of the CWT that the layout determines."""
    it = fields(token)
    expires = EPOCH_2020 + (it["day"] + 1) * 86400 - 1
    protected = cbor2.dumps({1: ED25519, 4: it["kid"]}, canonical=True)
    payload = cbor2.dumps({4: expires, 7: it["id"], -65537: [it["cents"], it["series"], it["idx"]]}, canonical=True)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, it["signature"]]))


def gf32_mul(a, b):
    """Product in GF(32) with x⁵ + x² + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= 0b100101
        b >>= 1
    return product


def short_code(identifier):
    """13 data symbols and the 2 Reed-Solomon symbols with roots α and α², found by trying all 1,024."""
    number = int.from_bytes(identifier, "big")
    data = [(number >> (5 * place)) & 31 for place in range(12, -1, -1)]

    def at(root, symbols):
        value = 0
        for symbol in symbols:
            value = gf32_mul(value, root) ^ symbol
        return value

    # c1·r + c0 must cancel the data's share at both roots; α = 2, α² = 4.
    s1, s2 = at(2, data + [0, 0]), at(4, data + [0, 0])
    for high in range(32):
        low = s1 ^ gf32_mul(high, 2)
        if gf32_mul(high, 4) ^ low == s2:
            text = "".join(CROCKFORD[symbol] for symbol in [*data, high, low])
            return f"{text[:5]}-{text[5:10]}-{text[10:]}"
    raise AssertionError("two equations in two unknowns have a solution")


def keys(jwks):
    """Each key by its kid, which must be the start of its COSE Key Thumbprint (RFC 9679)."""
    found = {}
    for jwk in jwks["keys"]:
        if "d" in jwk:
            raise ValueError("a private key in keys.json")
        x = base64.urlsafe_b64decode(jwk["x"] + "=" * (-len(jwk["x"]) % 4))
        thumbprint = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True)).digest()
        if jwk["kid"] != thumbprint[:4].hex():
            raise ValueError(f"kid {jwk['kid']} is not the start of {thumbprint.hex()}")
        found[thumbprint[:4]] = COSEKey.new({1: 1, 2: thumbprint[:4], 3: ED25519, -1: 6, -2: x})
    return found


def main(vouchers_csv, keys_json):
    with open(keys_json, encoding="utf-8") as file:
        known = keys(json.load(file))
    cose, seen, count = COSE.new(), set(), 0
    with open(vouchers_csv, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            token = token_bytes(row["token"])
            it = fields(token)
            cose.decode(expand(token), known[it["kid"]])
            if row["short_code"] != short_code(it["id"]):
                raise ValueError(f"short code {row['short_code']} should be {short_code(it['id'])}")
            if row["face_value"] != f"{it['cents'] // 100}.{it['cents'] % 100:02}":
                raise ValueError(f"face value {row['face_value']}, token says {it['cents']} cents")
            for name in (it["id"], (it["series"], it["idx"])):
                if name in seen:
                    raise ValueError("two vouchers share an identifier or a place in the status list")
                seen.add(name)
            count += 1
            if count == 1:
                refuse_what_is_changed(cose, token, known[it["kid"]])
    if count == 0:
        raise ValueError("no voucher to check")
    print(f"{count} tokens verified by an independent COSE library, {len(known)} key(s)")


def refuse_what_is_changed(cose, token, key):
    """A checker that accepts everything would be no checker."""
    for place in (8, 11, 13, 21, 30, 85):
        changed = bytearray(token)
        changed[place] ^= 1
        try:
            cose.decode(expand(bytes(changed)), key)
        except VerifyError:
            continue
        raise AssertionError(f"a token with a changed byte {place} was accepted")


if __name__ == "__main__":
    main(*sys.argv[1:])
