"""TIFF <-> Picture; reading and writing share little more than the name."""

from divgrad.io.tiff_read import decode
from divgrad.io.tiff_write import encode

__all__ = ["decode", "encode"]
