"""The error tree: every failure that divgrad foresees is one of these, with a one-line message.

::

    DivgradError
    |-- ParameterError (ValueError)    a parameter out of its range, or of the wrong kind
    |-- ImageError (ValueError)        an image that cannot be treated: shape, dtype, NaN, Inf
    |-- StabilityError (ValueError)    a time step that would blow up and may not be split
    |-- SchemeError (TypeError)        the scheme needs a verb that the operator lacks
    |-- RecipeError (ValueError)       a recipe that cannot be followed
    |-- ClusterError (RuntimeError)    a cluster that cannot be reached, or a part that fails there
    `-- FileError (OSError)
        |-- ImageReadError             a file that cannot be read
        `-- ImageWriteError            a file that cannot be written

Messages say what was given, what was needed and what to do.
"""

from __future__ import annotations


class DivgradError(Exception):
    """Any failure that divgrad foresees."""


class ParameterError(DivgradError, ValueError):
    """A parameter is out of its range, or of the wrong kind."""


class ImageError(DivgradError, ValueError):
    """An image cannot be treated as it is: its shape, its dtype, NaN or Inf in it."""


class StabilityError(DivgradError, ValueError):
    """A time step would be unstable, and the caller asked not to split it."""


class SchemeError(DivgradError, TypeError):
    """A scheme needs a verb that the equation's operator lacks."""


class RecipeError(DivgradError, ValueError):
    """A recipe cannot be followed: no YAML, an unknown task, a parameter that does not fit."""


class ClusterError(DivgradError, RuntimeError):
    """A cluster cannot be reached, or a part of the work fails there however often it is tried."""


class FileError(DivgradError, OSError):
    """A file could not be read or written."""


class ImageReadError(FileError):
    """An image file could not be read; the message is one line."""


class ImageWriteError(FileError):
    """An image file could not be written; nothing of it is left behind."""
