"""The two readers, which share no code. What they give counts only if it is the whole text."""

import zxingcpp
from pyzbar import pyzbar


def _zxing(frame):
    return [code.text for code in zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormat.QRCode)]


def _zbar(frame):
    return [code.data.decode("utf-8", "replace") for code in pyzbar.decode(frame, symbols=[pyzbar.ZBarSymbol.QRCODE])]


READERS = {"zxing": _zxing, "zbar": _zbar}


def readings(frame, text):
    """For each reader 1 if it reads `text`, 0 if nothing, -1 if anything else."""
    said = {name: read(frame) for name, read in READERS.items()}
    return {name: 1 if text in texts else -1 if texts else 0 for name, texts in said.items()}
