"""Recipes: one task or a chain of tasks, as text, with their parameters written as on the command line.

A recipe file is YAML::

    divgrad: 1
    steps:
      - denoise:
          sigma: 12
      - enhance

Every command prints its own with ``--recipe``; ``divgrad batch`` follows one over many files, and
``load(path).run(image)`` from Python. Values are checked by the declarations of the parameters, as on the command line.
"""

from __future__ import annotations

from divgrad.recipes.reading import load, loads
from divgrad.recipes.recipe import Made, Recipe
from divgrad.recipes.step import Step

__all__ = ["Made", "Recipe", "Step", "load", "loads"]
