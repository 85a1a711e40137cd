"""Tasks: what people want of an image, each a recipe that chooses equation, scheme and stopping rule.

A task is a function ``name(image, ...)`` in the module of its name, with its ``PARAMETERS`` beside it; asked
for a ``report`` it returns an object with the ``image`` and the ``report``, sentences. One line here makes
it ``divgrad.name`` and a sub-command.
"""

from __future__ import annotations

#: Every task, and what it does.
TASKS: dict[str, str] = {
    "denoise": "remove noise, with everything chosen and explained",
    "enhance": "bring out detail and local contrast, without halos or noise",
    "enhance_lines": "bring out lines, and join broken ones",
    "flatten": "even out light, shadows and stains",
    "edges": "find edges: thin curves, their strength, points to parts of a pixel",
    "repair_jpeg": "remove the blocks and ripples of JPEG compression",
    "segment": "part an image into regions, with everything chosen",
    "segment_objects": "find, part, count and measure objects such as nuclei",
    "segment_lines": "find lines such as vessels and cracks",
    "targets": "find a target, or all copies of it, in an image",
    "inpaint": "fill in what is missing: scratches, text, holes, most of the pixels",
    "segment_phases": "part an image into two or more kinds of regions by brightness or colour",
    "segment_seeded": "part an image by seeds that you draw",
    "upscale": "give an image more pixels, with smooth sharp edges",
    "segment_contour": "find the outline of an object from a contour around it or within it",
    "segment_pages": "part the text of a page from its ground",
    "sharpen": "sharpen blurred edges, without halos or noise",
}
