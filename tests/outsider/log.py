"""The log, written from RFC 9162 section 2.1 and from C2SP signed-note, tlog-checkpoint and tlog-cosignature."""

import base64
import hashlib

import ed25519

MARK = "\u2014 "
LOG, COSIGNER = 1, 4


def leaf_hash(raw):
    return hashlib.sha256(b"\0" + raw).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A growing tree: roots of perfect subtrees, the largest first."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, raw):
        self.size += 1
        self.roots.append((0, leaf_hash(raw)))
        while len(self.roots) > 1 and self.roots[-1][0] == self.roots[-2][0]:
            height, right = self.roots.pop()
            self.roots[-1] = (height + 1, node_hash(self.roots[-1][1], right))

    def root(self):
        node = None
        for _, left in reversed(self.roots):
            node = left if node is None else node_hash(left, node)
        return node if node is not None else hashlib.sha256(b"").digest()


def inclusion(leaf, index, size, path, root):
    """Section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            if not fn & 1:
                while not fn & 1 and fn:
                    fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistency(first, second, first_root, second_root, path):
    """Section 2.1.4.2."""
    if first == 0 or first > second:
        return False
    if first == second:
        return not path and first_root == second_root
    path = list(path)
    if not path:
        return False
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            if not fn & 1:
                while not fn & 1 and fn:
                    fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


def read_key(vkey):
    """(name, type, public key) of a verifier key; its hash is checked."""
    name, told, blob = vkey.strip().split("+", 2)
    raw = base64.b64decode(blob, validate=True)
    kind, public = raw[0], raw[1:]
    if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != told:
        raise ValueError(f"the hash in {vkey} is not the key's")
    return name, kind, public, bytes.fromhex(told)


def open_note(note, vkey):
    """The text of a note, if the key signed it; for a co-signer's key, with the second of its signature."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    name, kind, public, key_hash = read_key(vkey)
    for line in lines.splitlines():
        if not line.startswith(MARK):
            raise ValueError("not a signature line")
        who, _, blob = line[len(MARK):].partition(" ")
        raw = base64.b64decode(blob, validate=True)
        if who != name or raw[:4] != key_hash:
            continue
        signed, signature = text.encode(), raw[4:]
        if kind == COSIGNER:
            seconds, signature = int.from_bytes(raw[4:12], "big"), raw[12:]
            signed = f"cosignature/v1\ntime {seconds}\n".encode() + signed
        if not ed25519.verify(public, signed, signature):
            raise ValueError(f"the signature of {name} is wrong")
        return text
    raise ValueError(f"{name} did not sign")


def read_checkpoint(text):
    """(origin, size, root, extension lines)."""
    origin, size, root, *more = text.rstrip("\n").split("\n")
    return origin, int(size), base64.b64decode(root, validate=True), more


def closes_known(extensions, size):
    """(month, lines) of each close that the extension lines of a checkpoint of this size speak of."""
    for line in extensions:
        if line.startswith("closed "):
            yield line.removeprefix("closed "), size
        if line.startswith("last-closed "):
            month, _, at = line.removeprefix("last-closed ").partition(" ")
            yield month, int(at)
