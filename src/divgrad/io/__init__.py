"""Image files <-> arrays with what the files say of them.

`read` gives a `Picture`: pixels exactly as stored, channel axis, spacing, and `Metadata`. `write`
takes an array and, as ``like=``, the picture it was made from, so that spacing, colour profile and
EXIF survive. `to_dtype` brings a result back to a file's dtype without wrapping. Every failure is
one `ImageReadError` or `ImageWriteError` of one line.
"""

from divgrad.dtypes import to_dtype
from divgrad.io.isolation import Isolation
from divgrad.io.picture import Metadata, Picture
from divgrad.io.reading import read
from divgrad.io.writing import suffixes, write

__all__ = ["Isolation", "Metadata", "Picture", "read", "suffixes", "to_dtype", "write"]
