"""As much CBOR (RFC 8949) as a leaf needs: maps, texts, byte strings, integers; only their one deterministic spelling (section 4.2.1)."""


class NotCanonical(ValueError):
    pass


def _head(data, at):
    first = data[at]
    major, short = first >> 5, first & 31
    if short < 24:
        return major, short, at + 1
    if short > 27:
        raise NotCanonical(f"byte {at}: indefinite or reserved length")
    width = 1 << (short - 24)
    value = int.from_bytes(data[at + 1:at + 1 + width], "big")
    if len(data) < at + 1 + width or value < (24 if width == 1 else 1 << (4 * width)):
        raise NotCanonical(f"byte {at}: a shorter spelling exists")
    return major, value, at + 1 + width


def _item(data, at):
    major, value, at = _head(data, at)
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        raw = data[at:at + value]
        if len(raw) != value:
            raise NotCanonical("cut off")
        return (raw if major == 2 else raw.decode("utf-8")), at + value
    if major == 5:
        found, last = {}, b""
        for _ in range(value):
            begin = at
            key, at = _item(data, at)
            spelled = data[begin:at]
            if not isinstance(key, str) or spelled <= last:
                raise NotCanonical(f"byte {begin}: keys out of order")
            last = spelled
            found[key], at = _item(data, at)
        return found, at
    raise NotCanonical(f"byte {at}: type {major}")


def loads(data):
    """The one item in `data`."""
    try:
        found, at = _item(data, 0)
    except IndexError:
        raise NotCanonical("cut off") from None
    if at != len(data):
        raise NotCanonical("something follows")
    return found
