"""Damage to printed vouchers, in simulation: print, paper, wear, camera, readers.

Lengths are millimetres on the paper, light is linear (1 = a white tile), an angle is in degrees. A picture of paper is
a square `WINDOW` millimetres wide, the symbol in its middle, at `PIXELS` pixels a millimetre. Everything random
comes from one generator a picture, which knows the seed, the condition and the number of the voucher but not the symbol's
size or level: what is compared has suffered exactly the same.
"""

import functools

import cv2
import numpy as np

WINDOW = 48
PIXELS = 12
SIDE = WINDOW * PIXELS

# Two readers side by side use two processors; more threads in each would only fight for them.
cv2.setNumThreads(1)

_axis = ((np.arange(SIDE, dtype=np.float32) + 0.5) / PIXELS - WINDOW / 2).astype(np.float32)
# Millimetres to the right of and below the middle, for each pixel.
X, Y = np.meshgrid(_axis, _axis)


# Fields finer than this are drawn from a few made once: of a texture nobody can tell which one it is.
_TEXTURE = 2
_TEXTURES = 16


def smooth(rng, wavelength):
    """A random field of standard deviation about 1 that changes over `wavelength` millimetres."""
    if wavelength >= _TEXTURE:
        return _field(rng, wavelength)
    return np.rot90(_texture(wavelength, int(rng.integers(_TEXTURES))), int(rng.integers(4)))


@functools.cache
def _texture(wavelength, number):
    return _field(np.random.default_rng([number, round(wavelength * 1000)]), wavelength)


def _field(rng, wavelength):
    points = int(np.ceil(WINDOW / wavelength)) + 3
    coarse = rng.standard_normal((points, points), dtype=np.float32)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def blurred(picture, millimetres):
    """The picture under a Gaussian blur of that standard deviation."""
    return cv2.GaussianBlur(picture, (0, 0), millimetres * PIXELS) if millimetres > 0 else picture
