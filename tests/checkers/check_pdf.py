"""Looks into printed booklets with software that is not ours: are they accessible, readable, and black on one plate?

    check_pdf.py BOOKLETS.pdf CODES [PAGES-IN-COLOUR]

What PDF/UA-1 (ISO 14289-1) asks for and pypdf can see: declared part, language, title shown, every piece of content tagged
or marked as decoration, figures with their text, headings without gaps, reading order, embedded fonts that map to letters,
nothing that runs, is attached or hidden. What goes to a printer is not PDF/A: no output intent may turn its black into four
plates, and Ghostscript must find cyan, magenta and yellow on PAGES-IN-COLOUR pages (none when absent), black on every page.
Then poppler and Ghostscript render every page at 150, 300 and 600 dots an inch, pictures smoothed, and both zxing-cpp and
zbar must find exactly CODES QR codes, the same ones, each time; zbar, which overlooks some three in a thousand of them
wherever they stand, may miss one in twenty, or two of fewer: codes are drawn by chance, and this must not fail by chance.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import pypdf
from damage.readers import READERS
from PIL import Image
from pypdf.generic import ContentStream

RESOLUTIONS = (150, 300, 600)
SHOWS = {b"Tj", b"TJ", b"'", b'"', b"Do", b"f", b"f*", b"S", b"s", b"B", b"B*", b"b", b"b*", b"sh"}


def require(condition, message):
    if not condition:
        raise ValueError(message)


def resolve(thing):
    return thing.get_object() if hasattr(thing, "get_object") else thing


def check_catalog(reader, forbidden=frozenset({"/OpenAction", "/AA", "/AcroForm"}), attached=(), kept=True):
    """Made to be kept, it must be PDF/A: 3a with files attached (their names), 2a without."""
    root = reader.trailer["/Root"]
    require("/Encrypt" not in reader.trailer, "encrypted")
    require(root.get("/Lang") == "fr-FR", f"language {root.get('/Lang')}")
    require(resolve(root["/MarkInfo"]).get("/Marked") is not None and bool(resolve(root["/MarkInfo"])["/Marked"]), "not marked")
    require(bool(resolve(root["/ViewerPreferences"])["/DisplayDocTitle"]), "the title is not shown")
    require(("/OutputIntents" in root) == kept, "no output intent" if kept else "an output intent: not for a printer")
    require("/Outlines" in root, "no outline")
    for key in forbidden:
        require(key not in root, f"{key} in the catalogue")
    names = resolve(root.get("/Names", {})) or {}
    require("/JavaScript" not in names and ("/EmbeddedFiles" in names) == bool(attached), "scripts or attachments")
    require(sorted(reader.attachments) == sorted(attached), f"attached: {sorted(reader.attachments)}")
    xmp = resolve(root["/Metadata"]).get_data().decode("utf-8")
    archival = r"pdfaid:part(?:>|=\")3" if attached else r"pdfaid:part(?:>|=\")2"
    kept_parts = (archival, r"pdfaid:conformance(?:>|=\")A") if kept else ()
    for part in (r"pdfuaid:part(?:>|=\")1", r"<dc:title>", *kept_parts):
        require(re.search(part, xmp), f"the metadata lack {part}")
    require(kept or "pdfaid" not in xmp, "said to be PDF/A")


def check_fonts(page):
    for name, font in (resolve(page["/Resources"]).get("/Font") or {}).items():
        font = resolve(font)
        require("/ToUnicode" in font, f"{name} does not map to letters")
        descendant = resolve(resolve(font["/DescendantFonts"])[0]) if "/DescendantFonts" in font else font
        descriptor = resolve(descendant["/FontDescriptor"])
        require(any(key in descriptor for key in ("/FontFile2", "/FontFile3")), f"{name} is not embedded")


def tagged_ids(reader, page):
    """Ids of marked content in order of drawing; everything that shows must be tagged or decoration."""
    ids, depth = [], []
    stream = ContentStream(page.get_contents(), reader)
    for operands, operator in stream.operations:
        if operator in (b"BDC", b"BMC"):
            properties = operands[1] if operator == b"BDC" else {}
            if hasattr(properties, "get") and "/MCID" in properties:
                ids.append(int(properties["/MCID"]))
            depth.append(operands[0])
        elif operator == b"EMC":
            depth.pop()
        elif operator in SHOWS:
            require(depth, f"{operator} outside of any tag")
    require(not depth, "a tag is not closed")
    return ids


class Tree:
    """Walks the structure tree in reading order."""

    def __init__(self, reader):
        self.pages = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages)}
        self.ids = {number: [] for number in self.pages.values()}
        self.figures, self.headings = [], []
        self.walk(reader.trailer["/Root"]["/StructTreeRoot"], None)

    def walk(self, node, page):
        node = resolve(node)
        if isinstance(node, int):
            self.ids[page].append(int(node))
            return
        if "/Pg" in node:
            page = self.pages[node.raw_get("/Pg").idnum]
        if node.get("/Type") == "/MCR" or "/MCID" in node:
            self.ids[page].append(int(node["/MCID"]))
            return
        kind = node.get("/S", "")
        if kind == "/Figure":
            self.figures.append(node.get("/Alt", ""))
        if match := re.fullmatch(r"/H(\d)", kind):
            self.headings.append(int(match[1]))
        children = resolve(node.get("/K", []))
        for child in children if isinstance(children, list) else [children]:
            self.walk(child, page)


def check_structure(reader):
    tree = Tree(reader)
    for number, page in enumerate(reader.pages):
        require(page.get("/Tabs") == "/S", f"page {number + 1}: tabs do not follow the structure")
        require("/StructParents" in page, f"page {number + 1} is not in the structure")
        check_fonts(page)
        drawn, read = tagged_ids(reader, page), tree.ids[number]
        require(sorted(drawn) == sorted(read), f"page {number + 1}: content and structure differ")
        require(drawn == read, f"page {number + 1}: read in another order than it is drawn")
    require(all(str(alt).strip() for alt in tree.figures), "a figure without text")
    require(tree.headings and tree.headings[0] == 1, "the first heading is not of level 1")
    for before, after in zip(tree.headings, tree.headings[1:]):
        require(after <= before + 1, f"a heading of level {after} follows one of level {before}")
    return tree


def by_poppler(pdf, resolution, folder):
    subprocess.run(["pdftoppm", "-r", str(resolution), "-gray", pdf, folder / "page"], check=True)


def by_ghostscript(pdf, resolution, folder):
    options = ["-q", "-dSAFER", "-dDOINTERPOLATE", "-sDEVICE=pnggray", f"-r{resolution}"]
    subprocess.run(["gs", *options, "-o", folder / "page%05d.png", pdf], check=True)


RENDERERS = {"poppler": by_poppler, "Ghostscript": by_ghostscript}


def codes(pdf, render, resolution):
    """For each reader the codes that it finds, each once a page: zbar names some twice."""
    found = {name: [] for name in READERS}
    with tempfile.TemporaryDirectory() as folder:
        render(pdf, resolution, pathlib.Path(folder))
        for path in sorted(pathlib.Path(folder).glob("page*")):
            with Image.open(path) as page:
                page.load()
                for name, read in READERS.items():
                    found[name] += set(read(page))
    return found


def inks(pdf):
    """For each page how much of it cyan, magenta, yellow and black cover."""
    said = subprocess.run(["gs", "-q", "-dSAFER", "-sDEVICE=inkcov", "-o", "-", pdf], check=True, capture_output=True, text=True)
    return [[float(ink) for ink in line.split()[:4]] for line in said.stdout.splitlines() if line.rstrip().endswith("CMYK OK")]


def check_inks(pdf, pages, in_colour):
    covered = inks(pdf)
    require(len(covered) == pages, f"the inks of {len(covered)} pages, not of {pages}")
    require(all(black > 0 for *_, black in covered), "a page without black")
    coloured = [number for number, page in enumerate(covered, 1) if any(page[:3])]
    require(len(coloured) == in_colour, f"cyan, magenta or yellow on the pages {coloured}, not on {in_colour}")


def check_codes(pdf, expected):
    known = None
    for renderer, render in RENDERERS.items():
        for resolution in RESOLUTIONS:
            for reader, found in codes(pdf, render, resolution).items():
                where = f"by {reader} at {resolution} dpi of {renderer}"
                least = expected - (max(2, expected // 20) if reader == "zbar" else 0)
                require(least <= len(found) <= expected, f"{len(found)} codes read {where}, not {expected}")
                known = known or set(found)
                require(len(set(found)) == len(found) and set(found) <= known, f"other codes read {where}")


def main(pdf, expected, in_colour=0):
    reader = pypdf.PdfReader(pdf)
    check_catalog(reader, kept=False)
    tree = check_structure(reader)
    check_inks(pdf, len(reader.pages), int(in_colour))
    check_codes(pdf, int(expected))
    print(f"{len(reader.pages)} pages, {len(tree.figures)} figures, {expected} QR codes: accessible, readable, black on one plate")


if __name__ == "__main__":
    main(*sys.argv[1:])
