"""Looks into printed booklets with software that is not ours: are they accessible, made to be kept, and readable?

    check_pdf.py BOOKLETS.pdf CODES

What PDF/UA-1 (ISO 14289-1) and PDF/A-2a (ISO 19005-2) ask for and pypdf can see: declared parts, language, title shown,
every piece of content tagged or marked as decoration, figures with their text, headings without gaps, reading order,
embedded fonts that map to letters, an output intent, nothing that runs, is attached or hidden. Then every page is
rendered by poppler at 150 and at 300 dots an inch, and zxing-cpp must find exactly CODES QR codes, the same ones.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import pypdf
import zxingcpp
from PIL import Image
from pypdf.generic import ContentStream

RESOLUTIONS = (150, 300)
SHOWS = {b"Tj", b"TJ", b"'", b'"', b"Do", b"f", b"f*", b"S", b"s", b"B", b"B*", b"b", b"b*", b"sh"}


def require(condition, message):
    if not condition:
        raise ValueError(message)


def resolve(thing):
    return thing.get_object() if hasattr(thing, "get_object") else thing


def check_catalog(reader, forbidden=frozenset({"/OpenAction", "/AA", "/AcroForm"}), attached=()):
    """With files attached (their names), it must be PDF/A-3a and not PDF/A-2a."""
    root = reader.trailer["/Root"]
    require("/Encrypt" not in reader.trailer, "encrypted")
    require(root.get("/Lang") == "fr-FR", f"language {root.get('/Lang')}")
    require(resolve(root["/MarkInfo"]).get("/Marked") is not None and bool(resolve(root["/MarkInfo"])["/Marked"]), "not marked")
    require(bool(resolve(root["/ViewerPreferences"])["/DisplayDocTitle"]), "the title is not shown")
    require(len(resolve(root["/OutputIntents"])) >= 1, "no output intent")
    require("/Outlines" in root, "no outline")
    for key in forbidden:
        require(key not in root, f"{key} in the catalogue")
    names = resolve(root.get("/Names", {})) or {}
    require("/JavaScript" not in names and ("/EmbeddedFiles" in names) == bool(attached), "scripts or attachments")
    require(sorted(reader.attachments) == sorted(attached), f"attached: {sorted(reader.attachments)}")
    xmp = resolve(root["/Metadata"]).get_data().decode("utf-8")
    archival = r"pdfaid:part(?:>|=\")3" if attached else r"pdfaid:part(?:>|=\")2"
    for part in (r"pdfuaid:part(?:>|=\")1", archival, r"pdfaid:conformance(?:>|=\")A", r"<dc:title>"):
        require(re.search(part, xmp), f"the metadata lack {part}")


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


def codes(pdf, resolution):
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(pathlib.Path(folder) / "page")
        subprocess.run(["pdftoppm", "-r", str(resolution), "-gray", pdf, prefix], check=True)
        found = []
        for path in sorted(pathlib.Path(folder).glob("page*")):
            with Image.open(path) as page:
                read = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
                found += [code.text for code in read]
        return found


def main(pdf, expected):
    reader = pypdf.PdfReader(pdf)
    check_catalog(reader)
    tree = check_structure(reader)
    read = {resolution: sorted(codes(pdf, resolution)) for resolution in RESOLUTIONS}
    for resolution, found in read.items():
        require(len(set(found)) == len(found) == int(expected), f"{len(found)} codes read at {resolution} dpi, not {expected}")
    require(len({tuple(found) for found in read.values()}) == 1, "other codes at another resolution")
    print(f"{len(reader.pages)} pages, {len(tree.figures)} figures, {expected} QR codes: accessible, to be kept, readable")


if __name__ == "__main__":
    main(*sys.argv[1:])
