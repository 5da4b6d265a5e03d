"""Checks the electronic signature on a document with pyHanko and, where it is installed, with poppler's pdfsig.

    check_signature.py SIGNED.pdf CERTIFICATE.pem

One signature, PAdES baseline (ETSI EN 319 142-1): sub-filter ETSI.CAdES.detached, the signing certificate in its signed
attributes, the time in the dictionary and not beside it, ECDSA with SHA-256; intact, valid, trusted when CERTIFICATE is, and over
the whole file: nothing was added after it. The certificate may sign and nothing else.
"""

import re
import shutil
import subprocess
import sys

from check_pdf import require
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext


def check_attributes(signature):
    require(signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached", "another sub-filter")
    require("/M" in signature.sig_object, "no time")
    info = signature.signer_info
    names = {attribute["type"].native for attribute in info["signed_attrs"]}
    require({"content_type", "message_digest", "signing_certificate_v2"} <= names, f"signed attributes {names}")
    require("signing_time" not in names, "the time twice, which PAdES forbids")
    require(info["digest_algorithm"]["algorithm"].native == "sha256", "another digest")
    require(info["signature_algorithm"]["algorithm"].native == "sha256_ecdsa", "another signature")


def check_poppler(pdf):
    if shutil.which("pdfsig") is None:
        return "not asked"
    said = subprocess.run(["pdfsig", "-nocert", pdf], capture_output=True, text=True, check=False).stdout
    require(re.search(r"Signature Validation: Signature is Valid", said), f"pdfsig:\n{said}")
    require(re.search(r"Total document signed", said), f"pdfsig: not the whole document:\n{said}")
    return "agrees"


def main(pdf, certificate):
    with open(pdf, "rb") as file:
        reader = PdfFileReader(file)
        signatures = reader.embedded_signatures
        require(len(signatures) == 1, f"{len(signatures)} signatures")
        signature = signatures[0]
        context = ValidationContext(trust_roots=[load_cert_from_pemder(certificate)], allow_fetching=False)
        status = validate_pdf_signature(signature, signer_validation_context=context)
        require(status.intact, "altered")
        require(status.valid, "not this key's")
        require(status.trusted, f"not trusted: {status.summary()}")
        require(status.coverage == SignatureCoverageLevel.ENTIRE_FILE, f"covers {status.coverage}")
        require(status.bottom_line, status.pretty_print_details())
        check_attributes(signature)
        usage = signature.signer_cert.key_usage_value.native
        require({"digital_signature", "non_repudiation"} == set(usage), f"key usage {usage}")
    poppler = check_poppler(pdf)
    print(f"signed by {status.signing_cert.subject.human_friendly}; intact, whole, trusted; poppler {poppler}")


if __name__ == "__main__":
    main(*sys.argv[1:])
