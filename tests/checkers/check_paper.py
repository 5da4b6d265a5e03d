"""Reads the QR codes of printed booklets, as a phone would, with a reader that is not ours.

    check_paper.py BOOKLETS.pdf VOUCHERS.csv [LAST_PAGE]

The pages are rendered by poppler at 150 dots an inch, each code is found and read by zxing-cpp. The codes must be
exactly the tokens of VOUCHERS.csv, each once, beside those of the covers; with LAST_PAGE, only the first pages are read, and what they show must be
among them, each once.
"""

import collections
import concurrent.futures
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import zxingcpp
from PIL import Image

DOTS_PER_INCH = 150


def page_count(pdf):
    said = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"^Pages:\s+(\d+)", said, re.MULTILINE)[1])


def read_page(path):
    """Texts of the QR codes on a rendered page."""
    with Image.open(path) as page:
        codes = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in codes]


def read_pages(pdf, first, last):
    """Texts of the QR codes on these pages, in order."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "page")
        options = ["-r", str(DOTS_PER_INCH), "-gray", "-f", str(first), "-l", str(last)]
        subprocess.run(["pdftoppm", *options, pdf, prefix], check=True)
        return [text for page in sorted(pathlib.Path(folder).glob("page*")) for text in read_page(page)]


def read_pdf(pdf, last):
    """Texts of all codes; each processor renders and reads its own share of the pages."""
    workers = os.cpu_count() or 1
    share = -(-last // workers)
    ranges = [(first, min(first + share - 1, last)) for first in range(1, last + 1, share)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        found = pool.map(lambda pages: read_pages(pdf, *pages), ranges)
        return [text for texts in found for text in texts]


def main(pdf, vouchers_csv, last_page=None):
    pages = page_count(pdf)
    last = min(pages, int(last_page)) if last_page else pages
    read = read_pdf(pdf, last)
    tokens = collections.Counter(text for text in read if re.search(r"/v#\d", text))
    if not tokens:
        raise ValueError(f"no voucher found on {last} page(s)")
    with open(vouchers_csv, encoding="utf-8", newline="") as file:
        known = {row["token"] for row in csv.DictReader(file)}
    unknown, twice = set(tokens) - known, [token for token, times in tokens.items() if times > 1]
    missing = known - set(tokens) if last == pages else set()
    if unknown or twice or missing:
        raise ValueError(
            f"{len(unknown)} codes not in {vouchers_csv}, {len(twice)} printed twice, {len(missing)} of {len(known)} not found"
        )
    print(f"{len(tokens)} QR codes on {last} of {pages} pages read at {DOTS_PER_INCH} dpi: exactly the tokens expected")


if __name__ == "__main__":
    main(*sys.argv[1:])
