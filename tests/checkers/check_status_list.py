"""Checks a status list with independent libraries, as a reader who knows the IETF draft and the public key only.

    check_status_list.py LIST.cwt PUBLIC_KEY_HEX URI AT_UNIX_SECONDS STATUSES.json

`cwt` verifies the COSE_Sign1, `zlib` inflates, and the bits are read by the rule of draft-ietf-oauth-status-list § 4. The
rule is tried first on the draft's own vector of 2 bits and 2^20 places. STATUSES.json is `{"place": status}`; every place
that is not named must be 2 (SUSPENDED). Prints what was checked and exits with 1 at the first disagreement.
"""

import hashlib
import json
import sys
import zlib
from collections import Counter

import cbor2
from cwt import COSE, COSEKey

ED25519 = -19
PLACES = 1 << 20
TYPE = "application/statuslist+cwt"
ALG, KID, TYP = 1, 4, 16
SUB, EXP, IAT, TTL, STATUS_LIST = 2, 4, 6, 65534, 65533

# "2-bit Status List" of the draft's test vectors: its CBOR, and the statuses that it stands for (the others are 0).
VECTOR = bytes.fromhex(
    "a2646269747302636c737459013d78daeddb310d00211000412ea1a04004fe5520ed"
    "357c28c81d3312b6df68bc65480000000000406e2101000000000000000000000000"
    "0000000000000000000000000000000000000040795b020000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000"
    "0080f4ba0400000000000000000000000000406d764a000000000000000000000000"
    "000000000000000000e0922101000000000000000000000000000000000000fc1312"
    "00000000000000000000000000000000000000000000000000000000000000c0912e"
    "01000000000000000000000000000000000000c07d4b020000000000000000000000"
    "00000000a8614a0000000000000000000000406a1fcd60010c"
)
VECTOR_STATUSES = {
    0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2, 1000345: 3,
}  # fmt: skip


def statuses(status_list):
    """The statuses of a `status_list` claim: place 0 is in the lowest bits of the first byte."""
    if set(status_list) != {"bits", "lst"} or status_list["bits"] != 2:
        raise ValueError(f"not a list of 2 bits: {status_list.keys()}")
    inflater = zlib.decompressobj()
    data = inflater.decompress(status_list["lst"], PLACES // 4 + 1)
    if len(data) != PLACES // 4 or not inflater.eof or inflater.unused_data:
        raise ValueError(f"{len(data)} bytes, not those of {PLACES} places")
    return [(byte >> shift) & 3 for byte in data for shift in (0, 2, 4, 6)]


def check_vector():
    read = statuses(cbor2.loads(VECTOR))
    if {place: status for place, status in enumerate(read) if status} != VECTOR_STATUSES:
        raise ValueError("the draft's own vector is read wrongly")


def main(list_file, public_hex, uri, at, statuses_file):
    check_vector()
    with open(list_file, "rb") as file:
        token = file.read()
    x = bytes.fromhex(public_hex)
    kid = hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True)).digest()[:4]
    key = COSEKey.new({1: 1, 2: kid, 3: ED25519, -1: 6, -2: x})
    protected, _, payload = COSE.new().decode_with_headers(token, key)
    if protected != {ALG: ED25519, KID: kid, TYP: TYPE}:
        raise ValueError(f"protected header {protected}")
    claims = cbor2.loads(payload) if isinstance(payload, bytes) else payload
    if set(claims) != {SUB, EXP, IAT, TTL, STATUS_LIST}:
        raise ValueError(f"claims {sorted(claims)}")
    if claims[SUB] != uri:
        raise ValueError(f"a list of {claims[SUB]}, not of {uri}")
    if not claims[IAT] <= int(at) < claims[EXP] or claims[TTL] <= 0:
        raise ValueError(f"iat {claims[IAT]}, exp {claims[EXP]}, ttl {claims[TTL]} at {at}")
    with open(statuses_file, encoding="utf-8") as file:
        expected = {int(place): status for place, status in json.load(file).items()}
    read = statuses(claims[STATUS_LIST])
    for place, status in enumerate(read):
        if status != expected.get(place, 2):
            raise ValueError(f"place {place} says {status}, not {expected.get(place, 2)}")
    print(f"{len(token)} bytes, {dict(sorted(Counter(read).items()))}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # whatever it is, the list is not believed
        sys.exit(f"{type(error).__name__}: {error}")
