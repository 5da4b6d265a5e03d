"""Looks into a letter, a statement or a list with software that is not ours: is it accessible, and made to be kept?

    check_document.py DOCUMENT.pdf [--tables N] [--rows N] [--pages N] [--signed] [--factur-x]

All that check_pdf.py asks of booklets but their codes; and of tables: rows of equal length in a head and a body, heads of
columns and of rows that say which they are, each header said once however many pages repeat it. Every page must say
"page 2 sur 5", and the text poppler takes out must hold no letter that the font lacks.
"""

import argparse
import re
import subprocess

import pypdf
from check_pdf import Tree, check_catalog, check_structure, require, resolve


class Tables(Tree):
    """Walks the structure tree for tables: a list of rows, each a list of (kind, scope)."""

    def __init__(self, reader):
        self.tables, self.parent = [], ""
        super().__init__(reader)

    def walk(self, node, page):
        found = resolve(node)
        if not isinstance(found, int):
            kind = found.get("/S", "")
            if kind == "/Table":
                self.tables.append([])
            elif kind == "/TR":
                require(self.parent in ("/THead", "/TBody"), "a row outside of a head or a body")
                self.tables[-1].append([])
            elif kind in ("/TH", "/TD"):
                self.tables[-1][-1].append((kind, scope(found)))
            if kind in ("/THead", "/TBody"):
                self.parent = kind
        super().walk(node, page)


def scope(cell):
    attributes = resolve(cell.get("/A", []))
    for attribute in attributes if isinstance(attributes, list) else [attributes]:
        if "/Scope" in resolve(attribute):
            return resolve(attribute)["/Scope"]
    return None


def check_tables(reader, tables, rows):
    found = Tables(reader).tables
    require(tables is None or len(found) == tables, f"{len(found)} tables, not {tables}")
    count = 0
    for table in found:
        require(table and all(cell == ("/TH", "/Column") for cell in table[0]), "the first row is not of heads of columns")
        for row in table:
            require(len(row) == len(table[0]), f"a row of {len(row)} cells in a table of {len(table[0])}")
            require(all(cell[1] for cell in row if cell[0] == "/TH"), "a head without a scope")
        require(not any(cell == ("/TH", "/Column") for row in table[1:] for cell in row), "a header said twice")
        count += len(table)
    require(rows is None or count == rows, f"{count} rows, not {rows}")


def check_text(pdf, pages):
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True).stdout.decode("utf-8")
    require("\ufffd" not in text, "a letter that the font lacks")
    for number, page in enumerate(text.split("\f")[:-1], 1):
        require(re.search(rf"page {number} sur {pages}\b", page), f"page {number} does not say which of {pages} it is")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("pdf")
    for name in ("--tables", "--rows", "--pages"):
        arguments.add_argument(name, type=int)
    arguments.add_argument("--signed", action="store_true")
    arguments.add_argument("--factur-x", action="store_true")
    options = arguments.parse_args()
    reader = pypdf.PdfReader(options.pdf)
    pages = len(reader.pages)
    require(options.pages is None or pages == options.pages, f"{pages} pages, not {options.pages}")
    forbidden = {"/OpenAction", "/AA"} if options.signed else {"/OpenAction", "/AA", "/AcroForm"}
    check_catalog(reader, forbidden, ["factur-x.xml"] if options.factur_x else [])
    check_structure(reader)
    check_tables(reader, options.tables, options.rows)
    check_text(options.pdf, pages)
    print(f"{pages} pages: accessible, to be kept, readable")


if __name__ == "__main__":
    main()
