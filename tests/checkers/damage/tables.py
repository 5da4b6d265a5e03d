"""The tables of docs/PAPER.md from the readings: rates in percent with Wilson's 95 % interval."""

import math
import statistics

from .conditions import CONDITIONS, DEGREES
from .readers import READERS

Z = 1.96
NORMAL, TIGHT = "30 Q 300", "25 M 300"


def _rate(read):
    """`97 (92–99)` of a list of readings."""
    count, good = len(read), sum(r == 1 for r in read)
    share, z2 = good / count, Z * Z / count
    middle = (share + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count)) / (1 + z2)
    return f"{100 * share:.0f} ({100 * max(0, middle - half):.0f}–{100 * min(1, middle + half):.0f})"


def _rows(header, rows):
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _severe(measured):
    """The conditions at their last degree, without the fresh print."""
    return [f"{c}/{len(d) - 1}" for c, d in CONDITIONS.items() if len(d) > 1 and f"{c}/{len(d) - 1}" in measured]


def _by_voucher(measured, reader, conditions):
    """For each voucher the share of the conditions in which it is read: vouchers are independent, conditions are not."""
    return [statistics.mean(r == 1 for r in column) for column in zip(*(measured[c][reader] for c in conditions))]


def _mean(values, digits=1, sign=""):
    half = Z * statistics.stdev(values) / math.sqrt(len(values))
    return f"{100 * statistics.mean(values):{sign}.{digits}f} ± {100 * half:.{digits}f}"


def _label(name):
    side, level, dpi = name.split()
    return f"{side} mm {level}, {dpi} dpi"


def conditions_table(prints):
    """Every condition and degree, for the two prints of the product."""
    header = ["condition", *(f"{_label(p).split(',')[0]}, {reader}" for p in (NORMAL, TIGHT) for reader in READERS)]
    rows = []
    for condition, degrees in CONDITIONS.items():
        for degree in range(len(degrees)):
            name = f"{condition}, {DEGREES[degree]}" if len(degrees) > 1 else condition
            cells = [_rate(prints[p][f"{condition}/{degree}"][reader]) for p in (NORMAL, TIGHT) for reader in READERS]
            rows.append([name, *cells])
    return _rows(header, rows)


def prints_table(prints):
    """Each print over all severe conditions, and its difference to the normal one, voucher by voucher."""
    rows = []
    for name, measured in prints.items():
        severe, row = _severe(measured), [_label(name)]
        for reader in READERS:
            mine = _by_voucher(measured, reader, severe)
            normal = _by_voucher(prints[NORMAL], reader, severe)
            row += [_mean(mine), "" if name == NORMAL else _mean([a - b for a, b in zip(mine, normal)], sign="+")]
        either = [
            statistics.mean(1 in read for read in zip(*(measured[c][reader] for reader in READERS)))
            for c in severe
        ]
        rows.append([*row, f"{100 * statistics.mean(either):.1f}"])
    header = ["print"]
    for reader in READERS:
        header += [reader, "against 30 mm Q"]
    return _rows([*header, "either reader"], rows)


def severe_table(prints):
    """The severe conditions one by one, zxing, for every print at 300 dpi."""
    chosen = [p for p in prints if p.endswith("300")]
    rows = []
    for condition in _severe(prints[NORMAL]):
        cells = [f"{100 * statistics.mean(r == 1 for r in prints[p][condition]['zxing']):.0f}" for p in chosen]
        rows.append([condition.split("/")[0], *cells])
    return _rows(["severe, zxing", *(_label(p).split(",")[0] for p in chosen)], rows)


def document(results):
    """All that stands between the marks of docs/PAPER.md."""
    named, prints = results["named"], results["prints"]
    wrong = sum(r < 0 for m in prints.values() for by in m.values() for read in by.values() for r in read)
    count = sum(len(read) for m in prints.values() for by in m.values() for read in by.values())
    return (
        f"Seed {named['seed']}, {named['vouchers']} vouchers; {count:,} readings, of which {wrong} gave a wrong text.\n\n"
        f"### By condition, 300 dpi\n\n{conditions_table(prints)}\n"
        f"### By print, mean of the {len(_severe(prints[NORMAL]))} severe conditions\n\n{prints_table(prints)}\n"
        f"### The severe conditions one by one\n\n{severe_table(prints)}\n"
    )
