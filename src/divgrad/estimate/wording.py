"""Noise in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Numbers = Mapping[str, float]

#: Every kind of noise, by its usual name.
NAMES = {
    "none": "no noise",
    "gaussian": "Gaussian noise",
    "salt-and-pepper": "salt-and-pepper noise",
    "random-impulse": "random-valued impulses",
    "poisson": "Poisson noise",
    "poisson-gaussian": "Poisson-Gaussian noise",
    "speckle": "speckle",
    "rician": "Rician noise",
    "quantised": "quantisation",
    "jpeg": "JPEG compression",
}

_SENTENCES: dict[str, Callable[[Numbers], str]] = {
    "none": lambda p: "There is no noise to speak of.",
    "gaussian": lambda p: (
        f"Grain of {p['sigma']:.3g} grey values (standard deviation), equally strong in dark and bright "
        "places (Gaussian noise)."
    ),
    "salt-and-pepper": lambda p: (
        f"About {100 * p['density']:.0f} % of the pixels are lost: single black or white dots all over the "
        "image (salt-and-pepper noise); the others are good."
    ),
    "random-impulse": lambda p: (
        f"About {100 * p['density']:.0f} % of the pixels hold any value, unlike their neighbours "
        "(random-valued impulses); the others are good."
    ),
    "poisson": lambda p: (
        "The variance of the noise grows in proportion to the brightness, as in counts of photons, of "
        f"{p['gain']:.3g} grey values each (Poisson noise)."
    ),
    "poisson-gaussian": lambda p: (
        f"The noise grows with the brightness as in counts of photons, of {p['gain']:.3g} grey values "
        f"each, and in the dark {p['sigma']:.3g} are left (Poisson-Gaussian noise, as of a camera)."
    ),
    "speckle": lambda p: (
        "The noise is in proportion to the brightness, as in radar and ultrasound of about "
        f"{p['looks']:.2g} looks (speckle)."
    ),
    "rician": lambda p: (
        f"The noise of {p['sigma']:.3g} grey values is weaker and one-sided in the dark, as in magnitude "
        "images of MRI (Rician noise)."
    ),
    "quantised": lambda p: (
        f"The image was rounded to few grey values, {p['step']:.3g} apart (quantisation)."
    ),
    "jpeg": lambda p: (
        f"The image was compressed as a JPEG of quality {p['quality']:.0f}: its 8 x 8 blocks show the "
        "steps to which it was rounded."
    ),
}  # fmt: skip


def sentence(kind: str, parameters: Numbers) -> str:
    """Say what was found.

    >>> sentence("none", {})
    'There is no noise to speak of.'
    """
    return _SENTENCES[kind](parameters)


def unsure_sentence(kind: str, parameters: Numbers, other: str | None) -> str:
    """Say what is most likely, and what else it could be.

    >>> unsure_sentence("gaussian", {"sigma": 2.0}, "rician")[:51]
    'Not sure: most like Gaussian noise, but Rician nois'
    """
    if other is None:
        return (
            "Not sure: flat places are too few to tell fine texture from faint grain; if it is grain, it has "
            f"a standard deviation of {parameters['sigma']:.3g}."
        )
    return (
        f"Not sure: most like {NAMES[kind]}, but {NAMES[other]} would look much the same here. "
        f"{sentence(kind, parameters)}"
    )
