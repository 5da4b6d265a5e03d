"""Vouchers cut out of the product's own PDF, as the dots of a black-and-white printer."""

import csv
import dataclasses
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np
import zxingcpp

from . import SIDE, WINDOW

MILLIMETRES_PER_INCH = 25.4
QUIET_ZONE_MODULES = 4
PRODUCT_SIDE = 30


@dataclasses.dataclass
class Voucher:
    """What stands on the paper around one symbol (1 = ink), the text of the symbol and its side."""

    text: str
    coverage: np.ndarray
    side: float


def tokens(vouchers_csv):
    """The texts that the codes must hold."""
    with open(vouchers_csv, encoding="utf-8", newline="") as file:
        return [row["token"] for row in csv.DictReader(file)]


def cut(pdf, texts, dpi):
    """The vouchers with these texts, in this order, from a PDF printed at `dpi`."""
    found, page = {}, 1
    while not found.keys() >= set(texts):
        dots = _page(pdf, page, dpi)
        if dots is None:
            raise ValueError(f"{pdf}: only {len(found.keys() & set(texts))} of {len(texts)} vouchers found at {dpi} dpi")
        found |= {voucher.text: voucher for voucher in _on_page(dots, dpi) if voucher.text in texts}
        page += 1
    return [found[text] for text in texts]


def _page(pdf, page, dpi):
    """The dots of a page; a printer of one ink puts one down where at least half of it is dark."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = pathlib.Path(folder, "page")
        pages = ["-f", str(page), "-l", str(page)]
        ran = subprocess.run(["pdftoppm", "-q", "-r", str(dpi), "-gray", "-singlefile", *pages, pdf, prefix])
        made = list(pathlib.Path(folder).iterdir())
        if ran.returncode or not made:
            return None
        return np.where(cv2.imread(str(made[0]), cv2.IMREAD_GRAYSCALE) < 128, 0, 255).astype(np.uint8)


def _on_page(dots, dpi):
    for code in zxingcpp.read_barcodes(dots, formats=zxingcpp.BarcodeFormat.QRCode):
        place = code.position
        corners = [(p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
        # The reader's corners are a dot or so off; the symbol is what is dark between them.
        near = dots[max(0, top - 3) : bottom + 4, max(0, left - 3) : right + 4] < 128
        across, down = np.flatnonzero(near.any(axis=0)), np.flatnonzero(near.any(axis=1))
        left, right = max(0, left - 3) + across[0], max(0, left - 3) + across[-1] + 1
        top, bottom = max(0, top - 3) + down[0], max(0, top - 3) + down[-1] + 1
        side = (right - left + bottom - top) / 2 * MILLIMETRES_PER_INCH / dpi
        yield Voucher(code.text, _window(dots, (left + right) / 2, (top + bottom) / 2, dpi), side)


def _window(dots, x, y, dpi):
    """The window around a place of the page, each dot a square; beyond the page is paper."""
    scale = dpi / MILLIMETRES_PER_INCH * WINDOW / SIDE
    at = np.array([[scale, 0, x - scale * SIDE / 2], [0, scale, y - scale * SIDE / 2]], dtype=np.float32)
    options = {"flags": cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_CONSTANT, "borderValue": 255}
    return (cv2.warpAffine(dots, at, (SIDE, SIDE), **options) < 128).astype(np.float32)


def with_symbol(voucher, modules, side, dpi):
    """The same voucher with another symbol, drawn by the dots of the same printer, in the place of its own."""
    dot = MILLIMETRES_PER_INCH / dpi
    pixel = WINDOW / SIDE
    # Each canvas pixel belongs to a dot, and the dot is dark if its middle is.
    axis = (np.arange(SIDE) + 0.5) * pixel - WINDOW / 2
    axis = (np.floor(axis / dot) + 0.5) * dot
    count = modules.shape[0]
    place = np.floor((axis + side / 2) / (side / count)).astype(int)
    inside = (place >= 0) & (place < count)
    place = place.clip(0, count - 1)
    symbol = modules[np.ix_(place, place)] & np.outer(inside, inside)
    coverage = voucher.coverage.copy()
    own = voucher.side * (1 + 2 * QUIET_ZONE_MODULES / 53) / 2
    new = side * (1 + 2 * QUIET_ZONE_MODULES / count) / 2
    axis = (np.arange(SIDE) + 0.5) * pixel - WINDOW / 2
    clear = np.abs(axis) < max(own, new)
    coverage[np.ix_(clear, clear)] = 0
    return Voucher(voucher.text, np.maximum(coverage, symbol.astype(np.float32)), side)


def symbols(path):
    """What the example `symbols` of the crate voucher wrote: modules by (level, text)."""
    read = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            level, text, size, modules = line.split()
            read[level, text] = np.array([m == "1" for m in modules]).reshape(int(size), int(size))
    return read
