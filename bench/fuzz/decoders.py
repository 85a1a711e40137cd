"""Files as other programs write them, bytes of them changed: no decoder may crash, hang, or take all memory.

    python bench/fuzz/decoders.py [--seconds 600] [--seed N] [--only WORD] [--keep FOLDER]

Every way of packing that TIFF, DICOM, Zarr, HDF5, PNG, JPEG and WebP have here. A decoder in C that is led beyond its
memory may do harm only later: so files are read by the hundred in a forked process, and what it was at when it died
is kept in FOLDER. Lost is: a crash, more than 10 s of processor time or 1 GiB, another exception than
ImageReadError, or its message longer than one line of 200 characters.
"""

from __future__ import annotations

import argparse
import io
import itertools
import mmap
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import imagecodecs
import numpy as np
import pydicom
import tifffile
import zarr
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

sys.path.insert(0, str(Path(__file__).parents[1]))

from divgrad.errors import ImageReadError
from divgrad.io import read, write
from measure import table

Seeds = dict[str, bytes]
SECONDS, MEMORY, LIMIT = 10.0, 2**30, 2**26
EXTREMES = (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
BATCH = 200
CHUNK = Path("c", "0", "0")  # of a Zarr array
RNG = np.random.default_rng(0)
GREY = (np.add.outer(np.arange(24), np.arange(40)) * 3 % 247 + RNG.integers(0, 9, (24, 40))).astype("u1")  # fmt: skip
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], -1)
WIDE = GREY.astype("u2") * 200
IMAGES = {"grey": GREY, "colour": COLOUR, "wide": WIDE}


def tiffs() -> Seeds:
    packings = (
        "none", "zlib", "lzw", "packbits", "lzma", "zstd", "jpeg", "webp", "jpeg2000", "lerc", "png"
    )  # fmt: skip
    found = {}
    for packing, (kind, image), tiled in itertools.product(packings, IMAGES.items(), (False, True)):
        file = io.BytesIO()
        options: dict[str, Any] = {"tile": (16, 16)} if tiled else {"rowsperstrip": 8}
        if tiled and packing in ("zlib", "lzw", "zstd"):
            options["predictor"] = True
        if packing != "none":
            options["compression"] = packing
        try:
            tifffile.imwrite(
                file, image, photometric="rgb" if kind == "colour" else "minisblack", **options
            )
        except Exception:
            continue  # not every packing holds every type
        found[f"TIFF, {packing}: {kind}, {tiled}"] = file.getvalue()
    return found


def pictures() -> Seeds:
    found = {
        "JPEG: grey": imagecodecs.jpeg_encode(GREY),
        "JPEG: colour": imagecodecs.jpeg_encode(COLOUR),
    }
    for name, form, image, options in (
        ("JPEG: progressive", "JPEG", COLOUR, {"progressive": True}),
        ("JPEG: restarts", "JPEG", COLOUR, {"subsampling": 2, "restart_marker_blocks": 2}),
        ("WebP: lossless", "WEBP", COLOUR, {"lossless": True}),
        ("WebP: lossy", "WEBP", COLOUR, {"quality": 50}),
        ("WebP: opacity", "WEBP", np.dstack([COLOUR, GREY]), {"quality": 50}),
        ("PNG: grey", "PNG", GREY, {}),
        ("PNG: colour", "PNG", COLOUR, {}),
        ("PNG: 16 bits", "PNG", WIDE, {}),
        ("BMP: colour", "BMP", COLOUR, {}),
    ):
        file = io.BytesIO()
        Image.fromarray(image).save(file, form, **options)
        found[name] = file.getvalue()
    file = io.BytesIO()
    Image.fromarray(COLOUR).quantize(16).save(file, "PNG")
    return found | {"PNG: palette": file.getvalue()}


def volumes() -> Seeds:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".nii", ".nii.gz", ".nrrd", ".mha", ".npy"):
            path = Path(folder, f"a{suffix}")
            write(path, WIDE)
            found[f"{suffix}: wide"] = path.read_bytes()
    return found


def dicoms() -> Seeds:
    whole, found = pydicom.uid.ExplicitVRLittleEndian, {}
    for name, syntax, image, pixels in (
        ("plain", whole, WIDE, WIDE.tobytes()),
        ("RLE", pydicom.uid.RLELossless, GREY, None),
        ("JPEG", pydicom.uid.JPEGBaseline8Bit, GREY, imagecodecs.jpeg_encode(GREY)),
        ("lossless JPEG", pydicom.uid.JPEGLosslessSV1, WIDE, imagecodecs.ljpeg_encode(WIDE)),
        ("JPEG-LS", pydicom.uid.JPEGLSLossless, WIDE, imagecodecs.jpegls_encode(WIDE)),
        ("JPEG 2000", pydicom.uid.JPEG2000Lossless, WIDE,
         imagecodecs.jpeg2k_encode(WIDE, codecformat="j2k", reversible=True)),
    ):  # fmt: skip
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = whole if pixels is None else syntax
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = pydicom.uid.CTImageStorage
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
        data.Rows, data.Columns = image.shape
        data.SamplesPerPixel, data.PixelRepresentation = 1, 0
        data.PhotometricInterpretation = "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 8 * image.itemsize
        data.HighBit = data.BitsStored - 1
        if pixels is None:
            data.PixelData = image.tobytes()
            data.compress(syntax)
        elif syntax == whole:
            data.PixelData = pixels
        else:
            data.PixelData = encapsulate([pixels])
            data["PixelData"].is_undefined_length = True
        file = io.BytesIO()
        data.save_as(file, enforce_file_format=True)
        found[f"DICOM, {name}:"] = file.getvalue()
    return found


def hdf5s() -> Seeds:
    found = {}
    packings: tuple[dict[str, Any], ...] = (
        {},
        {"chunks": (2, 3)},
        {"chunks": (2, 3), "compression": "gzip"},
        {"chunks": (2, 3), "compression": "lzf", "shuffle": True, "fletcher32": True},
        {"chunks": (4, 5), "compression": "szip"},
        {"chunks": (2, 3), "scaleoffset": 9, "shuffle": True},
        {"chunks": (2, 3), "maxshape": (None, None), "fletcher32": True},
        {"chunks": (4, 5), "maxshape": (None, 5)},
    )
    for version, (number, packing) in itertools.product(
        ("earliest", "latest"), enumerate(packings)
    ):
        file = io.BytesIO()
        with h5py.File(file, "w", libver=version) as opened:
            group = opened.create_group("g")
            array = group.create_dataset(
                "image", data=np.arange(20, dtype="u2").reshape(4, 5), **packing
            )
            array.attrs["axes"], array.attrs["words"] = "yx", ["a", "bb" * 20, "c"]
            array.attrs["fixed"], array.attrs["spacing"] = np.bytes_("abc"), [1.0, 2.0]
            group["again"] = opened["g"]
        found[f"HDF5: {version}, {number}"] = file.getvalue()
    return found


def zarrs(folder: Path) -> Seeds:
    """Return chunks; the arrays around them lie in the folder."""
    found = {}
    names = ("lz4", "lz4hc", "blosclz", "zlib", "zstd")
    packings: dict[str, Any] = {f"Blosc {name}": BloscCodec(cname=name) for name in names}
    packings |= {"Zstandard": ZstdCodec(), "gzip": GzipCodec()}
    for packing, codec in packings.items():
        name = f"Zarr, {packing}:"
        array = zarr.create_array(
            folder / name, shape=WIDE.shape, chunks=WIDE.shape, dtype="u2", compressors=codec
        )
        array[:] = WIDE
        found[name] = (folder / name / CHUNK).read_bytes()
    return found


def changed(data: bytes, chance: random.Random) -> bytes:
    """Change one to six places; headers, and bytes that are not zero, more often than others."""
    new = bytearray(data)
    told = [place for place, byte in enumerate(data) if byte]
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        most = chance.choice((len(new), min(len(new), 600)))
        at = min(chance.choice((chance.randrange(most), chance.choice(told))), len(new) - 1)
        other = chance.choice(told)
        kind = chance.randrange(8)
        if kind == 0:
            new[at] = chance.randrange(256)
        elif kind == 1:
            new[at] = chance.choice((0, 1, 127, 128, 255))
        elif kind == 2:
            new[at] ^= 1 << chance.randrange(8)
        elif kind == 3:
            new[at : at + 4] = chance.choice(EXTREMES)
        elif kind == 4:
            new[at : at + 8] = chance.randrange(len(new)).to_bytes(8, "little")
        elif kind == 5:
            new[at : at + 2] = new[other : other + 2]
        elif kind == 6:
            new[at : at + 8] = new[other : other + 8]
        elif len(new) > 64:
            del new[at : at + chance.randrange(1, 9)]
    return bytes(new)


def placed(name: str, data: bytes, folder: Path) -> Path:
    """Put a changed file where it can be read; return what to read."""
    if (folder / name).is_dir():
        (folder / name / CHUNK).write_bytes(data)
        return folder / name
    (folder / "case").write_bytes(data)
    return folder / "case"


def spent() -> tuple[float, int]:
    """Return seconds of processor time and most bytes, of this process and those that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used), 1024 * max(u.ru_maxrss for u in used)


def batch(seeds: Seeds, chance: random.Random, folder: Path, told: mmap.mmap) -> None:
    """Read many changed files, in a process that may die of it; tell before and after each."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    names = list(seeds)
    for number in range(BATCH):
        name = chance.choice(names)
        data = changed(seeds[name], chance)
        path = placed(name, data, folder)
        told[:] = f"{number}|{name}|crashed".encode().ljust(len(told))
        (folder / "last").write_bytes(data)
        signal.alarm(120)
        (start, _), ended = spent(), "refused"
        try:
            read(path, max_bytes=LIMIT)
            ended = "read"
        except ImageReadError as error:
            if len(str(error)) > 200 or len(str(error).splitlines()) != 1:
                ended = "said too much"
        except BaseException as error:
            ended = type(error).__name__
        now, most = spent()
        if now - start > SECONDS:
            ended = "too slow"
        elif most > MEMORY:
            ended = "too much memory"
        with (folder / "log").open("a") as log:
            log.write(f"{name}|{ended}|{now - start:.2f}\n")
        if ended not in ("read", "refused"):
            os._exit(1)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        seeds = tiffs() | pictures() | volumes() | dicoms() | hdf5s() | zarrs(folder)
        seeds = {name: data for name, data in seeds.items() if options.only in name}
        for name, data in seeds.items():
            read(placed(name, data, folder))  # all are sound
        families = sorted({name.partition(":")[0] for name in seeds})
        share = options.seconds / len(families)
        told, counts = mmap.mmap(-1, 128), {family: Counter[str]() for family in families}
        slowest = dict.fromkeys(families, 0.0)
        for family in families:
            some = {name: data for name, data in seeds.items() if name.partition(":")[0] == family}
            end = time.monotonic() + share
            while time.monotonic() < end:
                (folder / "log").write_bytes(b"")
                state = chance.getrandbits(64)
                child = os.fork()
                if child == 0:
                    batch(some, random.Random(state), folder, told)
                _, status = os.waitpid(child, 0)
                lines = [line.split("|") for line in (folder / "log").read_text().splitlines()]
                for _, ended, seconds in lines:
                    counts[family][ended] += 1
                    slowest[family] = max(slowest[family], float(seconds))
                if os.WIFSIGNALED(status):
                    counts[family]["crashed"] += 1
                if status:
                    name = bytes(told).decode().split("|")[1]
                    print(f"lost: {name}, {status}", file=sys.stderr, flush=True)
                    if options.keep:
                        options.keep.mkdir(parents=True, exist_ok=True)
                        kept = f"{sum(sum(c.values()) for c in counts.values())}-{name}"
                        (options.keep / kept.replace("/", " ")).write_bytes(
                            (folder / "last").read_bytes()
                        )
        rows = [row(family, counts[family], slowest[family]) for family in families]
    rows.append(["all", *(str(sum(int(row[k]) for row in rows)) for k in range(1, 5)), ""])
    said = (
        f"`python bench/fuzz/decoders.py --seconds {options.seconds:g} --seed {options.seed}`:\n\n"
    )
    titles = ["bytes changed in", "files", "read", "refused", "lost", "slowest"]
    print(said + table(titles, rows))


def row(family: str, n: Counter[str], slowest: float) -> list[str]:
    """Return a row of the table."""
    total = sum(n.values())
    counts = (total, n["read"], n["refused"], total - n["read"] - n["refused"])
    return [family, *map(str, counts), f"{slowest:.1f} s"]


if __name__ == "__main__":
    main()
