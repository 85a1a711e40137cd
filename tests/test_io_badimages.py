"""A corpus of malformed and odd files: each is read correctly or refused with one line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from divgrad.errors import ImageReadError
from divgrad.io import read, write

CORPUS = Path(__file__).parents[2] / "shared" / "data" / "badimages"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
SLOWEST_SECONDS = 10

# Of the formats that are read, these and no others are refused.
REFUSED = {
    "pngsuite": {
        *(f"xc{n}.png" for n in ("1n0g08", "9n2c08", "rn0g04", "sn0g01")),
        *(f"xd{n}.png" for n in ("0n2c08", "3n2c08", "9n2c08", "tn0g01")),
        *(f"xs{n}.png" for n in ("1n0g01", "2n0g01", "4n0g01", "7n0g01")),
        "xhdn0g08.png",
        "xlfn0g04.png",
    },
    "pillow/odd_valid": {
        "pil_sample_cmyk.jpg",  # colour spaces
        "hopper.Lab.tif",
        "lab.tif",
        "lab-green.tif",
        "lab-red.tif",
        "tiff_strip_cmyk_16l_jpeg.tif",
        "tiff_strip_cmyk_jpeg.tif",
        "tiff_tiled_cmyk_jpeg.tif",
        "compression.tif",  # pages that differ
        "multipage.tiff",
        "multipage-mmap.tiff",
        "multipage_out_of_order.tiff",
        "multipage_single_frame_loop.tiff",  # pages in a circle
        "multipage_multiple_frame_loop.tiff",
        "ultrahdr.jpg",  # cut short
        "separate_planar_extra_samples.tiff",
        "seek_too_large.tif",
        "libtiff_segfault.tif",  # terabytes
    },
}


def files(folder, *kinds):
    found = sorted(p for p in (CORPUS / folder).rglob("*") if p.is_file())
    return [p for p in found if not kinds or p.suffix.lower() in kinds]


def outcome(path):
    """Return the picture or the refusal of a file, and check what every refusal must be."""
    start = time.perf_counter()
    try:
        result = read(path)
    except ImageReadError as refusal:
        result = str(refusal)
        assert 0 < len(result) <= 200, path
        assert result.splitlines() == [result], path
    else:
        assert result.array.size, path
        assert result.array.dtype.isnative, path
        assert result.array.dtype.kind in "buif", path
        assert result.array.ndim - (result.channel_axis is not None) in (2, 3), path
        assert result.spacing is None or len(result.spacing) == result.ndim, path
    assert time.perf_counter() - start < SLOWEST_SECONDS, path
    return result


def test_every_file_is_read_or_refused(capfd, caplog):
    results = [outcome(path) for path in files(".")]
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")  # what libraries print counts, too
    assert caplog.records == []
    assert sum(not isinstance(r, str) for r in results) > 380


@pytest.mark.parametrize("folder", REFUSED)
def test_only_what_must_be_is_refused(folder):
    kinds = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
    refused = {p.name for p in files(folder, *kinds) if isinstance(outcome(p), str)}
    assert refused == REFUSED[folder]


def test_pngsuite_keeps_its_bits():
    for path in files("pngsuite", ".png"):
        name = path.stem
        if name[0] == "x" or name == "PngSuite":
            continue
        picture = read(path)
        colour, bits = int(name[4]), int(name[6:8])
        expected = "bool" if (colour, bits) == (0, 1) else "uint16" if bits == 16 else "uint8"
        assert picture.array.dtype == expected, name
        assert picture.metadata.bits == bits, name
        transparent = name.startswith("t") and name not in ("tp0n0g08", "tp0n2c08", "tp0n3p08")
        channels = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}[colour] + transparent
        assert picture.array.shape[2:] == ((channels,) if channels > 1 else ()), name
        assert picture.alpha == (channels in (2, 4)), name


def test_pngsuite_interlaced_equals_plain():
    pairs = [(p, p.with_name(p.name.replace("i", "n", 1))) for p in files("pngsuite", ".png")]
    pairs = [(a, b) for a, b in pairs if a.stem[3] == "i" and b.name != a.name and b.exists()]
    compared = 0
    for interlaced, plain in pairs:
        if interlaced.stem[0] != "s":
            continue
        np.testing.assert_array_equal(read(interlaced).array, read(plain).array)
        compared += 1
    assert compared > 10


def test_what_is_read_equals_what_pillow_reads():
    """For 8 bits, where Pillow is right; its own exceptions are left out by name."""
    from PIL import Image

    odd = {"tbbn0g04.png", "tbwn0g16.png"}  # transparency of fewer or more than 8 bits
    compared = 0
    for path in files(".", ".png", ".jpg"):
        picture = outcome(path)
        if isinstance(picture, str) or path.name in odd or picture.array.dtype == np.uint16:
            continue
        try:
            with Image.open(path) as image:
                image.load()
                transparent = "transparency" in image.info
                if image.mode == "P":
                    image = image.convert("RGBA" if transparent else "RGB")
                elif transparent:
                    image = image.convert("RGBA" if image.mode == "RGB" else "LA")
                expected = np.asarray(image)
        except (OSError, SyntaxError, ValueError, Warning):
            continue  # Pillow refuses what is sound but for its texts or animation
        if path.parent.name == "apng" and "default_image" in image.info:
            continue
        np.testing.assert_array_equal(picture.array, expected, err_msg=str(path))
        compared += 1
    assert compared > 200


def test_metadata_of_odd_files_goes_through(tmp_path):
    """Writing must stand whatever metadata damaged files bring along."""
    for path in files(".", ".png", ".jpg", ".tif", ".tiff"):
        picture = outcome(path)
        if isinstance(picture, str) or picture.array.nbytes > 200_000:
            continue
        for suffix in (".tif", ".png", ".jpg"):
            array = picture.array
            if suffix == ".png" and array.dtype not in ("bool", "uint8", "uint16"):
                continue
            if suffix == ".jpg" and (array.dtype != "uint8" or picture.alpha):
                continue
            if suffix != ".tif" and array.shape[-1] == 4 and not picture.alpha:
                continue
            out = tmp_path / f"a{suffix}"
            write(out, array, like=picture)
            again = read(out)
            assert again.array.shape == array.shape, path
            assert again.metadata.icc == picture.metadata.icc, path
            inverted = picture.metadata.native.get("photometric") == 0 and suffix != ".tif"
            if suffix != ".jpg" and not inverted:
                np.testing.assert_array_equal(again.array, array, err_msg=str(path))


def test_warnings_as_errors_change_nothing():
    """A warning that decoders raise would turn a sound file into a refusal."""
    program = (
        "import sys, pathlib\n"
        "from divgrad.io import read\n"
        "from divgrad.errors import ImageReadError\n"
        "count = 0\n"
        "for path in pathlib.Path(sys.argv[1]).rglob('*'):\n"
        "    try:\n"
        "        count += path.is_file() and bool(read(path))\n"
        "    except ImageReadError:\n"
        "        pass\n"
        "print(count)\n"
    )
    source = str(Path(__file__).parents[1] / "src")
    counts = [
        subprocess.run(
            [sys.executable, *options, "-c", program, str(CORPUS)],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": source},
        )
        for options in ([], ["-W", "error"])
    ]
    assert counts[0].stdout == counts[1].stdout
    assert counts[0].stderr == counts[1].stderr == ""
