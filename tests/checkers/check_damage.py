"""Reads vouchers that have suffered: a small part of what scripts/damage measures, so that a layout that spoils reading is seen.

    check_damage.py BOOKLETS.pdf VOUCHERS.csv

Four vouchers in each of ten conditions, moderate or severe, always the same damage; at least `FLOOR` of the forty pictures must
be read by one of the readers, none wrongly. The product's symbol, 30 mm at level Q, is read in nearly all of them; one of
20 mm in far fewer (docs/PAPER.md).
"""

import sys

from damage.conditions import CONDITIONS, picture
from damage.readers import readings
from damage.vouchers import PRODUCT_SIDE, cut, tokens

DOTS_PER_INCH = 300
SEED = 2026
EACH = 4
FLOOR = 36

# Moderate damage that the symbol should outlive, and the severe kinds that tell sizes apart.
CHOSEN = [
    ("as printed", 0),
    ("turned and tilted", 1),
    ("coarse print", 1),
    ("creased", 0),
    ("crumpled", 0),
    ("wet", 1),
    ("scratched", 0),
    ("out of focus", 1),
    ("shaken", 1),
    ("poor camera", 1),
]


def main(pdf, vouchers_csv):
    texts = tokens(vouchers_csv)[: EACH * len(CHOSEN)]
    vouchers = cut(pdf, texts, DOTS_PER_INCH)
    small = [v.side for v in vouchers if v.side < PRODUCT_SIDE - 0.3]
    if small:
        raise ValueError(f"{len(small)} symbols are smaller than {PRODUCT_SIDE} mm: {min(small):.1f} mm")
    unread, wrong = {}, 0
    for number, voucher in enumerate(vouchers):
        condition, degree = CHOSEN[number % len(CHOSEN)]
        assert degree < len(CONDITIONS[condition])
        said = readings(picture(SEED, condition, degree, number, voucher), voucher.text)
        wrong += min(said.values()) < 0
        if max(said.values()) < 1:
            unread[condition] = unread.get(condition, 0) + 1
    read = len(vouchers) - sum(unread.values())
    if read < FLOOR or wrong:
        raise ValueError(f"{read} of {len(vouchers)} read, {FLOOR} needed; {wrong} read wrongly; not read: {unread}")
    print(f"{read} of {len(vouchers)} damaged vouchers read; not read: {unread or 'none'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
