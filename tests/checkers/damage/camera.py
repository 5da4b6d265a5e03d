"""From the worn sheet to the grey picture that a reader gets."""

import math

import cv2
import numpy as np

from . import PIXELS, SIDE, WINDOW, X, Y

# Electrons that the sensor itself adds to each pixel, standard deviation.
READ_NOISE = 4


def photographed(rng, sheet, p):
    """A frame of the part of the paper around the symbol, eight bits a pixel, after JPEG."""
    light, move_x, move_y = sheet
    light = _lit(rng, light, p)
    # A pixel of the sensor gathers the light of its whole area, after what the lens and the hand smear.
    light = cv2.GaussianBlur(light, (0, 0), 0.45 * PIXELS / p["pixels"])
    light = _defocused(_shaken(rng, light, p["shake"]), p["defocus"])
    frame = _projected(rng, light, move_x, move_y, p)
    electrons = np.maximum(frame, 0) * p["electrons"]
    # The light's own noise (Poisson's, as a Gaussian) and the sensor's.
    electrons = electrons + np.sqrt(electrons + READ_NOISE**2) * rng.standard_normal(frame.shape, dtype=np.float32)
    grey = 255 * p["exposure"] * np.clip(electrons / p["electrons"], 0, 1 / p["exposure"]) ** (1 / 2.2)
    grey = np.clip(np.round(grey), 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, p["jpeg"]])
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)


def _lit(rng, light, p):
    """The lamp is on one side, and shines in a plastic sleeve if there is one."""
    angle = rng.uniform(0, 2 * np.pi)
    light = light * (1 + p["uneven"] * (X * math.cos(angle) + Y * math.sin(angle)) / (WINDOW / 2))
    if p["glare"]:
        x, y, turn = rng.uniform(-10, 10), rng.uniform(-10, 10), rng.uniform(0, np.pi)
        across = ((X - x) * math.cos(turn) + (Y - y) * math.sin(turn)) / p["glare"]
        down = ((Y - y) * math.cos(turn) - (X - x) * math.sin(turn)) / (p["glare"] * rng.uniform(0.35, 0.7))
        light = light + p["haze"] + 3 * np.exp(-2 * (across**2 + down**2) * 2)
    return light.astype(np.float32)


def _shaken(rng, light, length):
    angle = rng.uniform(0, np.pi)
    if not length:
        return light
    size = int(length * PIXELS) | 1
    kernel = np.zeros((size, size), dtype=np.float32)
    half = (size - 1) / 2
    for t in np.linspace(-half, half, 4 * size):
        kernel[round(half + t * np.sin(angle)), round(half + t * np.cos(angle))] += 1
    return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _defocused(light, radius):
    if not radius:
        return light
    size = 2 * int(np.ceil(radius * PIXELS)) + 1
    middle = np.arange(size) - size // 2
    disc = (np.hypot(*np.meshgrid(middle, middle)) <= radius * PIXELS).astype(np.float32)
    return cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)


def _projected(rng, light, move_x, move_y, p):
    """The frame: for each of its pixels the point of the moved paper that it sees."""
    spin = np.radians(rng.uniform(-1, 1) * p["spin"])
    tilt = np.radians(p["tilt"]) * rng.uniform(0.7, 1)
    direction = rng.uniform(0, 2 * np.pi)
    distance = p["distance"]
    turn = np.array([[np.cos(spin), -np.sin(spin), 0], [np.sin(spin), np.cos(spin), 0], [0, 0, 1]])
    aim = np.array([[np.cos(direction), -np.sin(direction), 0], [np.sin(direction), np.cos(direction), 0], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    rotation = aim @ lean @ aim.T @ turn
    count = round(WINDOW * p["pixels"])
    # Paper millimetres to frame pixels through a pinhole `distance` away.
    scale = p["pixels"] * distance
    shift = rng.uniform(-0.5, 0.5, 2)
    lens = np.array([[scale, 0, count / 2 + shift[0]], [0, scale, count / 2 + shift[1]], [0, 0, 1]])
    view = lens @ np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    axis = np.arange(count, dtype=np.float32) + np.float32(0.5)
    across, down = np.meshgrid(axis, axis)
    back = np.linalg.inv(view).astype(np.float32)
    x, y, depth = (row[0] * across + row[1] * down + row[2] for row in back)
    x, y = x / depth, y / depth
    at_x, at_y = ((v + WINDOW / 2) * PIXELS - 0.5 for v in (x, y))
    if np.any(move_x):
        dx, dy = (cv2.remap(m, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for m in (move_x, move_y))
        at_x, at_y = at_x + dx * PIXELS, at_y + dy * PIXELS
    return cv2.remap(light, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
