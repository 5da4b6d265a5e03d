"""Measures on printed booklets how clear the typed codes stand: of the cut below them and of the frame for the stamp above them.

    check_clearances.py BOOKLETS.pdf VOUCHERS

Where a code stands is what poppler says (`pdftotext -bbox`), how high its letters reach is the ink of the rendered page; frames and
cut marks are the lines of the page's own content. Each code is at least 4 mm above the nearest cut below it and 3 mm below the frame
that is nearest above it; there are exactly VOUCHERS codes.
"""

import re
import subprocess
import sys

import pypdf
from PIL import Image, ImageOps
from pypdf.generic import ContentStream

POINTS_PER_MILLIMETRE = 72 / 25.4
FROM_CUT, FROM_STAMP = 4, 3
DOTS_PER_INCH = 300
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){2}")
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>')


def times(a, b):
    """The matrix that does `a`, then `b`."""
    return [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]


def stroked(reader, page):
    """The lines of a page that are stroked, as lists of points from its top left corner."""
    height = float(page.mediabox.height)
    matrix, kept, paths, found = [1, 0, 0, 1, 0, 0], [], [], []
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        numbers = [float(n) for n in operands] if operator in (b"cm", b"m", b"l", b"re") else []
        if operator == b"q":
            kept.append(matrix)
        elif operator == b"Q":
            matrix = kept.pop()
        elif operator == b"cm":
            matrix = times(numbers, matrix)
        elif operator in (b"m", b"l"):
            x, y = numbers
            point = (matrix[0] * x + matrix[2] * y + matrix[4], height - matrix[1] * x - matrix[3] * y - matrix[5])
            if operator == b"m":
                paths.append([])
            paths[-1].append(point)
        elif operator in (b"S", b"s"):
            found += paths
            paths = []
        elif operator in (b"f", b"f*", b"n", b"B", b"b"):
            paths = []
    return found


def words(pdf, page):
    said = subprocess.run(["pdftotext", "-f", str(page), "-l", str(page), "-bbox", pdf, "-"], check=True, capture_output=True, text=True)
    return [([float(n) for n in found[:4]], found[4]) for found in WORD.findall(said.stdout)]


def ink(picture, box):
    """Top and bottom of what is dark in the box, in points."""
    scale = DOTS_PER_INCH / 72
    left, top, right, bottom = [round(place * scale) for place in box]
    dark = ImageOps.invert(picture.crop((left, top, right, bottom))).point(lambda grey: 255 if grey > 200 else 0)
    _, first, _, last = dark.getbbox()
    return (top + first) / scale, (top + last) / scale


def main(pdf, expected):
    reader = pypdf.PdfReader(pdf)
    measured = []
    for number, page in enumerate(reader.pages, 1):
        codes = [box for box, text in words(pdf, number) if CODE.fullmatch(text)]
        if not codes:
            continue
        rendered = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", "-f", str(number), "-l", str(number), pdf]
        with subprocess.Popen(rendered, stdout=subprocess.PIPE) as running:
            picture = Image.open(running.stdout)
            picture.load()
        lines = stroked(reader, page)
        frames = [(min(xs), max(xs), max(ys)) for xs, ys in (zip(*line) for line in lines if len(line) >= 4)]
        # A mark across the page's margin or a cross: level, and short.
        cuts = [line[0][1] for line in lines if len(line) == 2 and abs(line[0][1] - line[1][1]) < 0.1]
        for box in codes:
            top, bottom = ink(picture, box)
            cut = min(cut for cut in cuts if cut > top)
            frame = max(low for left, right, low in frames if low < bottom and left < box[2] and box[0] < right)
            measured.append(((cut - bottom) / POINTS_PER_MILLIMETRE, (top - frame) / POINTS_PER_MILLIMETRE))
    if len(measured) != int(expected):
        raise ValueError(f"{len(measured)} codes, not {expected}")
    from_cut, from_stamp = (min(distances) for distances in zip(*measured))
    if from_cut < FROM_CUT or from_stamp < FROM_STAMP:
        raise ValueError(f"a code is {from_cut:.1f} mm from the cut, or {from_stamp:.1f} mm from the stamp")
    print(f"{len(measured)} typed codes: {from_cut:.1f} mm from the cut, {from_stamp:.1f} mm from the stamp, at least")


if __name__ == "__main__":
    main(*sys.argv[1:])
