"""Makes a key and tokens with an independent COSE library, for ours to verify.

    make_tokens.py COUNT

`cwt` signs a COSE_Sign1 with the header and claims of the format; what it made is taken apart again and written as the 86
bytes. Prints JSON: the public key, and each token's digits with what it says.
"""

import json
import secrets
import sys

import cbor2
from check_tokens import ED25519, EPOCH_2020, GROUP_BYTES, GROUP_DIGITS, TAIL_DIGITS, expand
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cwt import COSE, COSEKey
from hashlib import sha256


def digits(token):
    """12 groups of 7 bytes as 17 digits, the last 2 bytes as 5."""
    groups = [token[at : at + GROUP_BYTES] for at in range(0, len(token), GROUP_BYTES)]
    numbers = [int.from_bytes(group, "big") for group in groups]
    return "".join(f"{number:0{GROUP_DIGITS}}" for number in numbers[:-1]) + f"{numbers[-1]:0{TAIL_DIGITS}}"


def make(count):
    private = Ed25519PrivateKey.generate()
    x = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    d = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    kid = sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True)).digest()[:4]
    key = COSEKey.new({1: 1, 2: kid, 3: ED25519, -1: 6, -2: x, -4: d})
    made = []
    for _ in range(count):
        cents, series, idx, day = (secrets.randbits(bits) for bits in (16, 16, 24, 16))
        identifier = secrets.token_bytes(8)
        expires = EPOCH_2020 + (day + 1) * 86400 - 1
        claims = cbor2.dumps({4: expires, 7: identifier, -65537: [cents, series, idx]}, canonical=True)
        signed = COSE.new().encode(claims, key, protected={1: ED25519, 4: kid}, unprotected={})
        _, _, payload, signature = cbor2.loads(signed).value
        if payload != claims:
            raise ValueError("the library signed other claims")
        number = lambda value, size: value.to_bytes(size, "big")
        token = b"\x01" + kid + number(series, 2) + number(idx, 3) + number(cents, 2) + number(day, 2) + identifier + signature
        if expand(token) != signed:
            raise ValueError("the token does not expand to what the library made")
        made.append(
            {"digits": digits(token), "cents": cents, "series": series, "idx": idx, "day": day, "id": identifier.hex()}
        )
    return {"public_key": x.hex(), "kid": kid.hex(), "tokens": made}


if __name__ == "__main__":
    print(json.dumps(make(int(sys.argv[1]))))
