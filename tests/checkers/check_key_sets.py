"""Checks the published keys with other people's libraries.

    check_key_sets.py JWKS.json COSE_KEYS.cbor KEY_SET.cose JWKS.jwt ROOTS.json AT_UNIX_SECONDS

Thumbprints (RFC 9679) are computed again from the definition; the COSE_KeySet is read by `cwt`; the delegation, the signed key set
and the signed JWK Set are verified with `cryptography` and `cbor2`, from the roots down, with nothing of our code. Prints what
was checked as JSON and exits with 1 at the first disagreement.
"""

import base64
import hashlib
import json
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cwt import COSEKey

ED25519 = -19
KEY_SET_TYPE = "application/ccn-key-set+cwt"
DELEGATION_TYPE = "application/ccn-delegation+cwt"
WEEK, DELEGATION_MAX = 7 * 86400, 400 * 86400
PURPOSES = {1: "voucher", 2: "status"}


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def kid(x):
    """The start of the SHA-256 COSE Key Thumbprint."""
    return hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True)).digest()[:4]


def jwks(text):
    """{kid: member ccn} of a JWK Set, each kid computed again; and {kid: x}."""
    members, xs = {}, {}
    for key in json.loads(text)["keys"]:
        x = unb64(key["x"])
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "Ed25519", "sig"), key
        assert key["kid"] == kid(x).hex(), f"{key['kid']} is not the thumbprint of its key"
        members[key["kid"]] = key["ccn"]
        xs[key["kid"]] = x
    return members, xs


def sign1(document, typ, xs):
    """The payload of a COSE_Sign1 of the type, verified with whichever of the keys its kid names."""
    message = cbor2.loads(document)
    assert message.tag == 18, "not a COSE_Sign1"
    protected, unprotected, payload, signature = message.value
    header = cbor2.loads(protected)
    assert unprotected == {} and set(header) == {1, 4, 16}, header
    assert header[1] == ED25519 and header[16] == typ, header
    signed = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    [x] = [x for x in xs if kid(x) == header[4]]
    Ed25519PublicKey.from_public_bytes(x).verify(signature, signed)
    return cbor2.loads(payload)


def delegation(document, roots, at):
    """The delegated key and its bounds."""
    says = sign1(document, DELEGATION_TYPE, roots)
    until, since = says[4], says[5]
    assert since <= at < until and until - since <= DELEGATION_MAX, "the delegation is not in force"
    return says[-65538]


def main(jwks_file, cose_file, set_file, jwt_file, roots_file, at):
    at = int(at)
    read = lambda name: open(name, "rb").read()
    listed, _ = jwks(read(jwks_file))
    _, roots = jwks(read(roots_file))

    cose = {}
    for key in cbor2.loads(read(cose_file)):
        parsed = COSEKey.new(key)
        assert key[3] == ED25519 and key[4] == [2], key
        assert parsed.kid == kid(key[-2]), "a kid of the COSE_KeySet is not the thumbprint of its key"
        cose[key[2].hex()] = key[-2]
    usable = {name for name, policy in listed.items() if not policy["withdrawn"]}
    assert set(cose) == usable, "the COSE_KeySet and the JWK Set list other keys"

    outer = cbor2.loads(cbor2.loads(read(set_file)).value[2])
    delegate, series, max_cents, latest = delegation(outer[-65539], roots.values(), at)
    says = sign1(read(set_file), KEY_SET_TYPE, [delegate])
    assert says[4] - says[6] <= WEEK and says[6] <= at < says[4], "the key set is not in force"
    signed = {}
    for x, purpose, since, until, withdrawn, (first, last), cents, day in says[-65540]:
        name = kid(x).hex()
        policy = listed[name]
        assert policy["purpose"] == PURPOSES[purpose] and policy["withdrawn"] == withdrawn, name
        assert (policy["valid_from"], policy["valid_until"]) == (since, until), name
        if purpose == 1:
            assert series[0] <= first <= last <= series[1] and cents <= max_cents and day <= latest, name
        signed[name] = x
    assert set(signed) == set(listed), "the signed key set and the JWK Set list other keys"

    head, body, signature = read(jwt_file).decode().split(".")
    header, claims = json.loads(unb64(head)), json.loads(unb64(body))
    assert (header["alg"], header["typ"], header["kid"]) == ("Ed25519", "jwk-set+jwt", kid(delegate).hex()), header
    Ed25519PublicKey.from_public_bytes(delegate).verify(unb64(signature), f"{head}.{body}".encode())
    assert (claims["iat"], claims["exp"]) == (says[6], says[4]), "the two signed sets were not made together"
    assert unb64(claims["ccn_delegation"]) == outer[-65539]
    assert set(jwks(json.dumps(claims))[0]) == set(listed), "the signed JWK Set lists other keys"
    print(json.dumps({"keys": len(listed), "usable": len(usable), "series": len(says[-65541])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
