"""Reads the printer's LISEZ-MOI.txt against the PDF files that accompany it.

    check_printer_file.py ARCHIVE.zip

Format, pages and sheets, booklet by booklet and in all, colour or grey: what it says must be what pypdf and Ghostscript find. And it
must not ask to cut what the cover says to keep whole.
"""

import pathlib
import re
import sys
import tempfile
import zipfile

import pypdf
from check_pdf import inks, require

A4_POINTS = (595.3, 841.9)


def one(pattern, text):
    found = re.findall(pattern, text)
    require(len(found) == 1, f"{pattern} stands there {len(found)} times")
    return found[0]


def main(archive):
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
        text = pathlib.Path(folder, "LISEZ-MOI.txt").read_text(encoding="utf-8")
        first, last, booklets, vouchers = map(int, one(r"Carnets : (\d+) à (\d+) \((\d+) carnets, (\d+) chèques\)", text))
        require(booklets == last - first + 1, "the booklets do not add up")
        each, pages = map(int, one(r"Pages : (\d+) par carnet, (\d+) en tout", text))
        require(one(r"Feuilles : (\d+) par carnet, (\d+) en tout", text) == (str(each), str(pages)), "printed on one side: a page is a sheet")
        require("Format : A4 en hauteur (210 × 297 mm)" in text, "no format")
        listed = {name: (int(p), int(b)) for name, p, b in re.findall(r"- (carnets-\S+\.pdf) : (\d+) pages, (\d+) carnets", text)}
        files = sorted(pathlib.Path(folder).glob("*.pdf"))
        require(sorted(listed) == [file.name for file in files], f"listed: {sorted(listed)}")
        coloured, counted = 0, [0, 0]
        for file in files:
            reader = pypdf.PdfReader(file)
            said = listed[file.name]
            covers = [page for page in reader.pages if "Code de la couverture" in page.extract_text()]
            require((len(reader.pages), len(covers)) == said, f"{file.name}: {len(reader.pages)} pages, {len(covers)} covers, not {said}")
            require(len(reader.pages) == each * len(covers), f"{file.name}: not {each} pages a booklet")
            sizes = {(round(float(p.mediabox.width), 1), round(float(p.mediabox.height), 1)) for p in reader.pages}
            require(sizes == {A4_POINTS}, f"{file.name}: {sizes}")
            counted = [a + b for a, b in zip(counted, said)]
            coloured += sum(any(page[:3]) for page in inks(file))
        require(counted == [pages, booklets], f"{counted} pages and booklets in all")
        require(vouchers % booklets == 0, "vouchers")
        grey, colour = "noir seul, logos compris" in text, "sauf les logos des couvertures, en couleur" in text
        require(grey != colour and colour == bool(coloured), f"{coloured} pages in colour")
        require("NE DÉCOUPEZ PAS" in text and "Coupez" not in text, "it asks to cut")
    print(f"{booklets} booklets, {pages} pages, {coloured} of them in colour: as the LISEZ-MOI says")


if __name__ == "__main__":
    main(*sys.argv[1:])
