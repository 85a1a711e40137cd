"""What users test their own extensions with; divgrad's own tests use the same.

=================================  =======================================================================
:func:`check_equation`             an equation, with every scheme: operator, bound, axioms
:func:`check_scheme`               a scheme, with every equation: axioms, order in time
:func:`check_kernels`              compiled kernels, with your conductance, against their plain source
:func:`check_operator`             the verbs of one operator
:func:`measured_order`             at which power of the step an error falls
:func:`rescaled`, :func:`example`  the same problem in other units; an instance made of declared examples
:mod:`~divgrad.testing.phantoms`   images whose truth is known
=================================  =======================================================================

A check that fails raises AssertionError; its sentence says which law failed, and by how much. An equation or
scheme that rightly breaks a law declares it on the class, with the reason, and is then not tried on it:
``exemptions = {"mean": "the reaction pulls towards the data"}``; ``"range with FSI"`` exempts from an axiom
with one scheme alone. The laws are :data:`AXIOMS`:

>>> for name, axiom in AXIOMS.items():
...     print(f"{name:10}{axiom.law}")
constant  a constant image stays as it is
mean      the mean grey value is kept
range     no grey value leaves the range of the first image
flip      a mirrored image evolves to the mirrored result
turn      a turned image evolves to the turned result
shift     adding a constant to the image adds it to the result
negative  the negative of an image evolves to the negative of the result
spacing   in other units of length nothing else changes
untouched the image given is not written to
repeat    the same evolution gives the same bits
tiling    tiles and threads do not change a bit
"""

from __future__ import annotations

from divgrad.testing import phantoms
from divgrad.testing.axioms import AXIOMS, Axiom, check_axioms, exemptions
from divgrad.testing.case import Case
from divgrad.testing.equations import check_equation
from divgrad.testing.kernels import check_kernel, check_kernels
from divgrad.testing.operators import check_operator
from divgrad.testing.rescaling import example, rescaled
from divgrad.testing.schemes import check_scheme, heat, measured_order

__all__ = [
    "AXIOMS",
    "Axiom",
    "Case",
    "check_axioms",
    "check_equation",
    "check_kernel",
    "check_kernels",
    "check_operator",
    "check_scheme",
    "example",
    "exemptions",
    "heat",
    "measured_order",
    "phantoms",
    "rescaled",
]
