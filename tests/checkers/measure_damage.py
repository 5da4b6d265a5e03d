"""Measures how well damaged vouchers are read, and writes the tables of docs/PAPER.md; scripts/damage runs it.

    measure_damage.py BOOKLETS.pdf VOUCHERS.csv SYMBOLS.txt FOLDER [--seed N] [--vouchers N] [--document PAPER.md]

SYMBOLS.txt comes from the example `symbols` of the crate voucher. The readings go to FOLDER/readings.json, print by print; what
is there already of the same seed and size is not measured again. With --document, the tables are put between its marks.
"""

import argparse
import json
import multiprocessing
import os
import pathlib

from damage.conditions import CONDITIONS, picture
from damage.readers import readings
from damage.tables import document
from damage.vouchers import PRODUCT_SIDE, cut, symbols, tokens, with_symbol

# Side, level, dots an inch, and whether the moderate degree is measured too. The first two are what the product prints.
PRINTS = [
    (30, "Q", 300, True),
    (25, "M", 300, True),
    (30, "Q", 150, False),
    (25, "M", 150, False),
    (25, "L", 300, False),
    (30, "M", 300, False),
    (25, "Q", 300, False),
    (20, "M", 300, False),
]

_vouchers = {}


def measure(job):
    """Readings of one voucher in all its conditions."""
    seed, number, moderate = job
    voucher = _vouchers[number]
    measured = {}
    for condition, degrees in CONDITIONS.items():
        for degree in range(len(degrees)):
            if moderate or degree == len(degrees) - 1:
                frame = picture(seed, condition, degree, number, voucher)
                measured[f"{condition}/{degree}"] = readings(frame, voucher.text)
    return measured


def measure_print(arguments, texts, drawn, side, level, dpi, moderate):
    """Readings by condition and reader: a list over the vouchers."""
    vouchers = cut(arguments.booklets, texts, dpi)
    if (side, level) != (PRODUCT_SIDE, "Q"):
        vouchers = [with_symbol(v, drawn[level, v.text], side, dpi) for v in vouchers]
    _vouchers.clear()
    _vouchers.update(enumerate(vouchers))
    jobs = [(arguments.seed, number, moderate) for number in range(len(vouchers))]
    # Forked, so that each process has the vouchers already.
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        by_voucher = pool.map(measure, jobs, chunksize=1)
    return {
        condition: {reader: [m[condition][reader] for m in by_voucher] for reader in by_voucher[0][condition]}
        for condition in by_voucher[0]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("booklets")
    parser.add_argument("vouchers_csv")
    parser.add_argument("symbols")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--vouchers", type=int, default=100)
    parser.add_argument("--document", type=pathlib.Path)
    arguments = parser.parse_args()
    texts, drawn = tokens(arguments.vouchers_csv)[: arguments.vouchers], symbols(arguments.symbols)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    kept = arguments.folder / "readings.json"
    named = {"seed": arguments.seed, "vouchers": arguments.vouchers, "conditions": repr(CONDITIONS)}
    results = json.loads(kept.read_text()) if kept.exists() else {}
    if results.get("named") != named:
        results = {"named": named, "prints": {}}
    for side, level, dpi, moderate in PRINTS:
        name = f"{side} {level} {dpi}"
        if name not in results["prints"]:
            results["prints"][name] = measure_print(arguments, texts, drawn, side, level, dpi, moderate)
            kept.write_text(json.dumps(results))
        print(f"{name}: done", flush=True)
    written = document(results)
    print(written)
    if arguments.document:
        begin, end = "<!-- measured: begin -->\n", "<!-- measured: end -->"
        text = arguments.document.read_text(encoding="utf-8")
        before, rest = text.split(begin)
        after = rest.split(end)[1]
        arguments.document.write_text(before + begin + written + end + after, encoding="utf-8")


if __name__ == "__main__":
    main()
