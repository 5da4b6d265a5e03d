"""From ink on a fresh sheet to what is left of it: the reflectance of the paper and where each point of it has moved.

Every length, count and strength is a parameter of the condition (conditions.py); only where the damage falls is drawn at random.
"""

import math
import statistics

import cv2
import numpy as np

from . import PIXELS, SIDE, X, Y, blurred, smooth


def printed(rng, coverage, p):
    """Ink from 0 to 1: the dots grown by the gain, ragged at their edges, missing in specks and streaks."""
    # Near its middle a blurred edge falls by 0.4 / sigma a millimetre: a threshold that much lower lies that much further out.
    sigma = 0.09
    soft = blurred(coverage, sigma)
    grown = p["dot_gain"] + p["ragged"] * smooth(rng, 0.15)
    threshold = 0.5 - np.clip(0.4 / sigma * grown, -0.42, 0.42)
    ink = np.clip((soft - threshold) * 6 + 0.5, 0, 1)
    ink *= 1 - np.clip(0.08 * np.abs(smooth(rng, 0.2)), 0, 0.5)
    for _ in range(p["streaks"]):
        middle, width = rng.uniform(-12, 12), p["streak_width"]
        ink *= 1 - 0.85 * _band(np.abs(X - middle), width)
    ink *= p["toner"]
    return mottled(rng, ink, p) if p["mottle"] else ink


def mottled(rng, ink, p):
    """Toner that the drum lays down unevenly: clouds of a millimetre, flecks of bare paper in the ink, specks of toner on the paper."""
    density = np.clip(1 + p["mottle"] * smooth(rng, 0.8), 0, 1.5)
    bare = smooth(rng, 0.18) > -statistics.NormalDist().inv_cdf(p["voids"])
    speck = smooth(rng, 0.1) > -statistics.NormalDist().inv_cdf(p["specks"])
    uneven = np.clip(ink * density, 0, 1) * np.where(bare, 0.15, 1)
    return np.maximum(uneven, np.where(speck, p["toner"], 0)).astype(np.float32)


def _band(distance, width):
    """1 within half a width of a line, with soft edges."""
    return np.clip((width / 2 - distance) * PIXELS + 0.5, 0, 1)


def _line(rng, spread):
    """Signed distance to a random straight line that passes at most `spread` from the middle, and the way along it."""
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-spread, spread)
    cos, sin = math.cos(angle), math.sin(angle)
    return X * cos + Y * sin - offset, Y * cos - X * sin


def rubbed(rng, ink, p):
    """Ink that has come off: along folds and scratches."""
    shade, folds = np.ones_like(ink), []
    for _ in range(p["folds"]):
        across, _ = _line(rng, 9)
        across = across + 0.15 * smooth(rng, 6)
        width = p["fold_width"] * rng.uniform(0.6, 1.4)
        kept = (smooth(rng, 0.4) > statistics.NormalDist().inv_cdf(p["flaked"])).astype(np.float32)
        ink = ink * (1 - _band(np.abs(across), width) * (1 - kept))
        folds.append((across, width, 1 if rng.random() < 0.5 else -1))
    for across, width, side in folds:
        # The two sides of a fold face the light differently; the ridge itself catches or loses it.
        shade = shade * (1 + side * p["fold_shade"] * np.tanh(across / 6) * 0.5)
        shade = shade * (1 - p["fold_shade"] * _band(np.abs(across - width * 0.6), width * 0.8))
    for _ in range(p["scratches"]):
        across, along = _line(rng, 14)
        start, length = rng.uniform(-18, 8), rng.uniform(8, 25)
        width = p["scratch_width"] * rng.uniform(0.6, 1.4)
        ink = ink * (1 - 0.9 * _band(np.abs(across + 0.2 * smooth(rng, 8)), width) * ((along > start) & (along < start + length)))
    return ink, shade


def soaked(rng, ink, p):
    """Ink that has run where water stood."""
    if not p["run"]:
        return ink
    wet = np.zeros_like(ink)
    for _ in range(2):
        x, y, radius = rng.uniform(-12, 12), rng.uniform(-12, 12), rng.uniform(6, 12)
        wet = np.maximum(wet, np.clip(radius - np.hypot(X - x, Y - y) + 1.5 * smooth(rng, 5), 0, 1))
    return ink * (1 - wet) + blurred(ink, p["run"]) * wet


def covered(rng, light, p):
    """What lies over the print: stains, pen, stamp; `light` is multiplied by what passes."""
    for _ in range(p["rings"]):
        x, y, radius, width = rng.uniform(-14, 14), rng.uniform(-14, 14), rng.uniform(12, 20), rng.uniform(1.5, 3)
        away = np.hypot(X - x, Y - y) + 0.4 * smooth(rng, 6)
        inside = np.clip((radius - away) * 2 + 0.5, 0, 1)
        light = light * (1 - (1 - p["stain_passes"]) * (_band(np.abs(away - radius), width) * 0.75 + 0.25 * inside))
    for _ in range(p["splashes"]):
        x, y, radius = rng.uniform(-16, 16), rng.uniform(-16, 16), rng.uniform(1, 3)
        blob = np.clip((radius - np.hypot(X - x, Y - y) + 0.5 * smooth(rng, 2)) * 3, 0, 1)
        light = light * (1 - (1 - p["stain_passes"]) * blob)
    for _ in range(p["strokes"]):
        across, along = _line(rng, 10)
        across = across + rng.uniform(-0.02, 0.02) * along**2 + 0.5 * smooth(rng, 10)
        light = light * (1 - (1 - p["pen_passes"]) * _band(np.abs(across), p["stroke_width"]))
    if p["stamp"]:
        light = light * (1 - (1 - p["stamp_passes"]) * _stamp(rng, p["stamp"]))
    return light


def _stamp(rng, away):
    """A round stamp of 30 mm: a double ring and five lines of letters, unevenly inked, its middle `away` from the symbol's."""
    direction, turn = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    x, y = X - away * math.cos(direction), Y - away * math.sin(direction)
    across, down = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    radius = np.hypot(x, y)
    mark = np.maximum(_band(np.abs(radius - 15), 0.8), _band(np.abs(radius - 13), 0.4))
    for line in range(-2, 3):
        # Letters: strokes of half a millimetre, as irregular as writing.
        letters = (np.sin(across * 5 + 3 * np.sin(across * 1.7 + line)) > 0.1) & (np.abs(down - 3.6 * line) < 1.1)
        mark = np.maximum(mark, (letters & (radius < 12)).astype(np.float32))
    return mark * np.clip(0.8 + 0.25 * smooth(rng, 4), 0, 1)


def torn(light, legs, corner, side):
    """A corner is gone: the triangle whose legs begin at the symbol's corner. What lies below is dark."""
    if not legs:
        return light
    across, down = ((-1, -1), (1, -1), (1, 1), (-1, 1))[corner]
    # How far inside the symbol's corner, in both directions together.
    reach = (side / 2 - X * across) + (side / 2 - Y * down)
    return np.where(reach < legs, np.float32(0.12), light)


def worn(rng, coverage, side, p):
    """The sheet as the camera finds it: its reflectance, and by how much each point has moved to the right and down."""
    corner = int(rng.integers(4))
    ink = printed(rng, coverage, p)
    ink = soaked(rng, ink, p)
    ink, shade = rubbed(rng, ink, p)
    paper = p["paper"] * (1 + 0.012 * smooth(rng, 0.5) + 0.01 * smooth(rng, 3))
    light = paper * (1 - ink) + p["ink"] * ink
    light = torn(covered(rng, light, p), p["torn"], corner, side)
    # Waves of the paper move what is printed and change how it faces the light: both follow from one surface.
    if p["wave"]:
        surface = sum(smooth(rng, w) for w in (18, 10)) / 1.4
        move_x, move_y = (p["wave"] * smooth(rng, 14) for _ in range(2))
        slope = cv2.Sobel(surface, cv2.CV_32F, 1, 1, ksize=5)
        shade = shade * (1 + p["wave_shade"] * np.clip(slope / float(np.std(slope)), -2, 2) / 2)
    else:
        move_x = move_y = np.zeros((SIDE, SIDE), dtype=np.float32)
    return (light * shade).astype(np.float32), move_x, move_y
