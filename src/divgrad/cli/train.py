"""``divgrad train DIR``: learn a diffusion from images of your own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from divgrad.errors import ParameterError

SIZES = ("fast", "best")
EXAMPLE = """\
examples:
  divgrad train photographs/ -o mine              # grey, Gaussian noise of 1 to 75
  divgrad train photographs/ --size best --noise jpeg --start best --steps 2000
  divgrad train micrographs/ --noise poisson:least=4,most=200
  divgrad train pairs/                            # with the folders pairs/clean and pairs/noisy

An interrupted training goes on where it was when the same command is given again. PyTorch is needed for
training (pip install divgrad[learn]), not for running what was trained.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("images", metavar="DIR", help="folder of clean images, or of pairs")
    parser.add_argument(
        "-o", "--output", default="divgrad-training", metavar="DIR",
        help="where model, checkpoint and the curve of the loss go (default: divgrad-training)",
    )  # fmt: skip
    parser.add_argument(
        "--size", choices=SIZES, default="fast",
        help="10,000 parameters and quick, or 60,000 and best (default: fast)",
    )  # fmt: skip
    parser.add_argument(
        "--noise", default="gaussian", metavar="NOISE",
        help="what to remove: gaussian, poisson or jpeg, with a range (default: gaussian:least=1,most=75)",
    )  # fmt: skip
    parser.add_argument(
        "--colour", action="store_true",
        help="learn to denoise colour images, after the shipped grey model of that size",
    )  # fmt: skip
    parser.add_argument(
        "--recolour", action="store_true",
        help="turn, fade and blur colours at random: where colour images to learn from are few",
    )  # fmt: skip
    parser.add_argument(
        "--steps", type=int, default=20000, metavar="N", help="steps of the optimiser"
    )
    parser.add_argument(
        "--polish", type=int, default=0, metavar="N", help="steps of L-BFGS after them (default: 0)"
    )
    parser.add_argument(
        "--normalise", action="store_true", help="batch-normalise filter responses in training"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of patches and noise")
    parser.add_argument(
        "--every", type=int, default=500, metavar="N", help="steps from one checkpoint to the next"
    )
    parser.add_argument(
        "--reduce", default="1", metavar="N[,N]",
        help="sizes in which images are used: 2,3 makes a half and a third of large, noisy photographs",
    )  # fmt: skip
    parser.add_argument(
        "--start", metavar="MODEL",
        help="begin with a trained model: best or fast of the same --size, or a .safetensors file",
    )  # fmt: skip
    parser.epilog = EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from divgrad.learned.noises import NOISES
    from divgrad.learned.trainer import BEST, BEST_COLOUR, FAST, FAST_COLOUR, train
    from divgrad.learned.training import Recipe
    from divgrad.learned.weights import read, shipped
    from divgrad.recipes.specs import parse

    try:
        reductions = [int(part) for part in arguments.reduce.split(",")]
    except ValueError:
        raise ParameterError(
            f"--reduce needs whole numbers such as 2,3; got {arguments.reduce!r}"
        ) from None
    if min(*reductions, arguments.steps, arguments.every, arguments.polish + 1) < 1:
        raise ParameterError("--reduce, --steps and --every need numbers of 1 or more, --polish 0")
    noise = parse(arguments.noise, NOISES, "noise")
    fast, best = (FAST_COLOUR, BEST_COLOUR) if arguments.colour else (FAST, BEST)
    architecture = fast if arguments.size == "fast" else best
    recipe = Recipe(
        steps=arguments.steps, every=arguments.every, seed=arguments.seed, polish=arguments.polish,
        normalise=arguments.normalise, recolour=arguments.recolour,
    )  # fmt: skip
    start = None
    if arguments.start is not None:
        name = arguments.start + "-colour" * arguments.colour
        start = shipped(name) if arguments.start in SIZES else read(arguments.start)
    looks = []
    for look in train(
        arguments.images, arguments.output, architecture=architecture, recipe=recipe, noise=noise,
        reductions=reductions, start=start,
    ):  # fmt: skip
        looks.append(look)
        if not arguments.json:
            print(look, flush=True)
    model = Path(arguments.output) / "model.safetensors"
    if arguments.json:
        print(json.dumps({"model": str(model), "looks": [vars(look) for look in looks]}))
    elif looks:
        print(f"-> {model}")
    else:
        print(
            f"{model} has had its {arguments.steps} steps: ask for more, or take another folder with -o"
        )
    return 0
