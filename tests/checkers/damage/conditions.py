"""What is done to a voucher: one base and, for each condition, what differs from it, moderate and severe.

A camera of 1280 × 720 pixels and 65° sees 191 mm of paper from 150 mm away: 6.7 pixels a millimetre.
"""

import zlib

import numpy as np

from .camera import photographed
from .paper import worn

# A good print, fresh, under a lamp, in a steady hand.
BASE = {
    # Print: the dots grow by this much on each side, and the edges wander by this much.
    "dot_gain": 0.02, "ragged": 0.015,
    # Share of the light that paper and ink send back; amount of toner; streaks that the drum leaves, and their width.
    "paper": 0.82, "ink": 0.06, "toner": 1.0, "streaks": 0, "streak_width": 0.0,
    # Mottle: standard deviation of the density of toner; shares of the ink that is missing in flecks, and of the paper that is specked.
    "mottle": 0.0, "voids": 0.0, "specks": 0.0,
    # Folds across the symbol: width of the crest, share of its ink that is gone, difference of light.
    "folds": 0, "fold_width": 0.0, "flaked": 0.0, "fold_shade": 0.0,
    # Scratches and their width; standard deviation of the waves of the paper and of their shade; width of running ink.
    "scratches": 0, "scratch_width": 0.0, "wave": 0.0, "wave_shade": 0.0, "run": 0.0,
    # Coffee: rings, splashes, light that passes. Pen: strokes, width, light that passes.
    "rings": 0, "splashes": 0, "stain_passes": 1.0, "strokes": 0, "stroke_width": 0.0, "pen_passes": 0.25,
    # A stamp of 30 mm: distance of the middles, light that passes. A torn corner: its legs.
    "stamp": 0.0, "stamp_passes": 1.0, "torn": 0.0,
    # Camera: pixels a millimetre, distance, greatest lean and spin, disc of defocus (radius), way of the hand.
    "pixels": 6.7, "distance": 150, "tilt": 10, "spin": 20, "defocus": 0.06, "shake": 0.1,
    # Light: electrons of a white pixel, its grey (1 = 255), unevenness, plastic's shine (size) and haze; JPEG quality.
    "electrons": 3000, "exposure": 0.9, "uneven": 0.1, "glare": 0.0, "haze": 0.0, "jpeg": 85,
}  # fmt: skip

_WORN = {"fold_width": 0.4, "flaked": 0.5, "fold_shade": 0.1, "wave": 0.06, "wave_shade": 0.06}

CONDITIONS = {
    "as printed": [{}],
    "turned and tilted": [{"spin": 180, "tilt": 35}, {"spin": 180, "tilt": 50}],
    "coarse print": [{"dot_gain": 0.06, "ragged": 0.04}, {"dot_gain": 0.12, "ragged": 0.08}],
    "low toner, streaks": [
        {"toner": 0.6, "streaks": 1, "streak_width": 0.5},
        {"toner": 0.35, "streaks": 2, "streak_width": 0.9},
    ],
    "low toner, mottled": [
        {"toner": 0.7, "mottle": 0.15, "voids": 0.05, "specks": 0.005},
        {"toner": 0.6, "mottle": 0.2, "voids": 0.05, "specks": 0.005},
    ],
    "creased": [
        {"folds": 2, "fold_width": 0.5, "flaked": 0.7, "fold_shade": 0.15},
        {"folds": 3, "fold_width": 0.7, "flaked": 0.8, "fold_shade": 0.2},
    ],
    "crumpled": [{"wave": 0.1, "wave_shade": 0.12}, {"wave": 0.17, "wave_shade": 0.2}],
    "wet": [
        {"run": 0.14, "wave": 0.06, "wave_shade": 0.08, "splashes": 1, "stain_passes": 0.8},
        {"run": 0.2, "wave": 0.1, "wave_shade": 0.12, "splashes": 2, "stain_passes": 0.7},
    ],
    "scratched": [{"scratches": 6, "scratch_width": 0.3}, {"scratches": 8, "scratch_width": 0.45}],
    "coffee": [
        {"rings": 1, "splashes": 3, "stain_passes": 0.5},
        {"rings": 1, "splashes": 5, "stain_passes": 0.35},
    ],
    "pen": [{"strokes": 2, "stroke_width": 0.7}, {"strokes": 2, "stroke_width": 1.2}],
    "stamp": [{"stamp": 16, "stamp_passes": 0.5}, {"stamp": 6, "stamp_passes": 0.35}],
    "torn corner": [{"torn": 1.2}, {"torn": 3}],
    "out of focus": [{"defocus": 0.3}, {"defocus": 0.36}],
    "shaken": [{"shake": 0.6}, {"shake": 0.8}],
    "under-exposed": [
        {"electrons": 200, "exposure": 0.35, "shake": 0.2},
        {"electrons": 80, "exposure": 0.25, "shake": 0.3},
    ],
    "glare": [{"glare": 8, "haze": 0.1}, {"glare": 14, "haze": 0.25}],
    "poor camera": [
        {"pixels": 4.2, "distance": 120, "electrons": 600, "jpeg": 70, "defocus": 0.12},
        {"pixels": 3.3, "distance": 150, "electrons": 300, "jpeg": 60, "defocus": 0.16},
    ],
    "months in a pocket": [
        {**_WORN, "folds": 1, "toner": 0.8, "scratches": 2, "scratch_width": 0.25, "splashes": 1, "stain_passes": 0.6,
         "electrons": 600, "exposure": 0.6, "defocus": 0.12, "spin": 180, "tilt": 20},
        {**_WORN, "folds": 2, "toner": 0.6, "scratches": 4, "scratch_width": 0.3, "splashes": 2, "stain_passes": 0.5,
         "electrons": 400, "exposure": 0.5, "defocus": 0.16, "pixels": 5, "shake": 0.2, "spin": 180, "tilt": 25},
    ],
}  # fmt: skip

DEGREES = ("moderate", "severe")


def picture(seed, condition, degree, number, voucher):
    """The picture of voucher `number` in this condition; a function of the arguments alone."""
    # One stream for the paper and one for the camera, so that neither depends on how many numbers the other drew.
    name = zlib.crc32(f"{condition}/{degree}".encode())
    paper, camera = np.random.SeedSequence([seed, name, number]).spawn(2)
    p = {**BASE, **CONDITIONS[condition][degree]}
    sheet = worn(np.random.default_rng(paper), voucher.coverage, voucher.side, p)
    return photographed(np.random.default_rng(camera), sheet, p)
