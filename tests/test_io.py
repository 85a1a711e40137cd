"""Every format and dtype there and back, what cannot be stored, and files written whole or not."""

from __future__ import annotations

import dataclasses
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from divgrad.errors import ImageError, ImageReadError, ImageWriteError
from divgrad.io import Metadata, Picture, read, suffixes, to_dtype, write

REAL = ["bool", *(f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64))]
REAL += ["float16", "float32", "float64"]


def example(shape, dtype, seed=0):
    """A smooth image over the range of `dtype`, with both ends of the range in it."""
    noise = np.random.default_rng(seed).random(shape)
    if np.dtype(dtype).kind == "b":
        return noise > 0.5
    if np.dtype(dtype).kind == "f":
        return noise.astype(dtype) - np.asarray(0.5, dtype)
    info = np.iinfo(dtype)
    image = to_dtype(noise * (float(info.max) - info.min) + info.min, dtype)
    image.flat[:2] = info.min, info.max
    return image


def assert_one_line(excinfo):
    message = str(excinfo.value)
    assert message
    assert len(message) <= 200
    assert message.splitlines() == [message]


# --- there and back ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16"])
def test_png_grey(tmp_path, dtype):
    image = example((7, 13), dtype)
    assert write(tmp_path / "a.png", image) == []
    picture = read(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.array, image)
    assert picture.array.dtype == image.dtype
    assert picture.channel_axis is None
    assert picture.metadata.bits == {"bool": 1, "uint8": 8, "uint16": 16}[dtype]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_png_channels(tmp_path, dtype, channels):
    image = example((7, 13, channels), dtype)
    write(tmp_path / "a.png", image, channel_axis=-1)
    picture = read(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.array, image)
    assert picture.array.dtype == image.dtype
    assert picture.channel_axis == -1
    assert picture.alpha == (channels in (2, 4))


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("shape", [(7, 13), (3, 7, 13), (4, 5, 1)])
def test_every_dtype_and_stacks(tmp_path, suffix, dtype, shape):
    image = example(shape, dtype)
    path = tmp_path / f"a{suffix}"
    assert write(path, image) == []
    picture = read(path)
    np.testing.assert_array_equal(picture.array, image)
    assert picture.array.dtype == image.dtype
    assert picture.array.flags.c_contiguous
    assert picture.channel_axis is None
    assert picture.ndim == len(shape)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(7, 13, 2), (7, 13, 3), (7, 13, 4), (5, 7, 13, 3), (7, 13, 6)])
def test_tiff_channels(tmp_path, dtype, shape):
    image = example(shape, dtype)
    assert write(tmp_path / "a.tif", image, channel_axis=-1) == []
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)
    assert picture.channel_axis == -1
    assert picture.alpha == (shape[-1] == 4)


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_jpeg(tmp_path, shape):
    row, col = np.indices(shape[:2])
    grey = 128 + 60 * np.sin(row / 9) + 60 * np.cos(col / 7)
    image = to_dtype(np.dstack([grey, 255 - grey, grey]) if len(shape) == 3 else grey, np.uint8)
    axis = -1 if len(shape) == 3 else None
    assert write(tmp_path / "a.jpg", image, channel_axis=axis) == []
    first = read(tmp_path / "a.jpg")
    assert first.channel_axis == axis
    assert np.abs(first.array.astype(int) - image).max() <= 12
    # The tables, hence size and quality, are those of the source; decoding again loses little.
    write(tmp_path / "b.jpg", first.array, like=first)
    second = read(tmp_path / "b.jpg")
    assert second.metadata.native["tables"] == first.metadata.native["tables"]
    assert np.abs(second.array.astype(int) - first.array).max() <= 3
    low = dataclasses.replace(
        first,
        metadata=dataclasses.replace(
            first.metadata, native=first.metadata.native | {"tables": [[40] * 64] * 2}
        ),
    )
    write(tmp_path / "c.jpg", image, like=low)
    assert (tmp_path / "c.jpg").stat().st_size < (tmp_path / "b.jpg").stat().st_size


@pytest.mark.parametrize("dtype", [">u2", ">f4", "<f8"])
def test_byte_order_and_layout_become_native(tmp_path, dtype):
    image = np.asfortranarray(example((7, 13), np.dtype(dtype).newbyteorder("="))).astype(dtype)
    for name in ("a.npy", "a.tif"):
        write(tmp_path / name, image)
    np.save(tmp_path / "b.npy", np.asfortranarray(image))
    for name in ("a.npy", "a.tif", "b.npy"):
        array = read(tmp_path / name).array
        np.testing.assert_array_equal(array, image)
        assert array.dtype.isnative
        assert array.flags.c_contiguous


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_content_decides_not_the_suffix(tmp_path, suffix):
    image = example((7, 13), np.uint8)
    write(tmp_path / f"a{suffix}", image)
    (tmp_path / f"a{suffix}").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read(tmp_path / "a.jpg").array, image)


# --- metadata ---------------------------------------------------------------------------------

PROFILE = (b"\0" * 16 + b"RGB " + bytes(range(256)) * 300)[:70000]
EXIF = (  # orientation 6 and, in the Exif directory, an exposure time of 1/125
    b"MM\0*\0\0\0\x08\0\x02"
    b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    b"\x87\x69\0\x04\0\0\0\x01\0\0\0\x26"
    b"\0\0\0\0"
    b"\0\x01\x82\x9a\0\x05\0\0\0\x01\0\0\0\x38\0\0\0\0"
    b"\0\0\0\x01\0\0\0\x7d"
)


def rich(**changes):
    metadata = Metadata(icc=PROFILE, exif=EXIF)
    picture = Picture(
        example((7, 13, 3), np.uint8), -1, spacing=(0.254, 0.127), unit="mm", metadata=metadata
    )
    return dataclasses.replace(picture, **changes)


@pytest.mark.parametrize("last", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("first", [".png", ".jpg", ".tif"])
def test_profile_exif_and_pixel_size_go_through_two_formats(tmp_path, first, last):
    source = rich(calibrated=False)
    assert write(tmp_path / f"a{first}", source.array, like=source) == []
    once = read(tmp_path / f"a{first}")
    assert write(tmp_path / f"b{last}", once.array, like=once) == []
    twice = read(tmp_path / f"b{last}")
    for picture in (once, twice):
        assert picture.metadata.icc == PROFILE
        assert picture.metadata.exif == EXIF
        assert picture.spacing == pytest.approx((0.254, 0.127), rel=1e-5)
        assert picture.unit == "mm"
        assert not picture.calibrated


def test_others_read_what_we_write(tmp_path):
    from PIL import Image

    for suffix in (".png", ".jpg", ".tif"):
        write(tmp_path / f"a{suffix}", rich().array, like=rich(calibrated=False))
        with Image.open(tmp_path / f"a{suffix}") as image:
            assert image.info["icc_profile"] == PROFILE
            assert image.info["dpi"] == pytest.approx((200, 100), abs=0.02)
            exif = image.getexif()
            assert exif[0x0112] == 6
            assert exif.get_ifd(0x8769)[0x829A] == pytest.approx(1 / 125)


def test_png_chunks_survive_and_16_bit_colour_stays(tmp_path):
    from divgrad.io import png_chunks

    image = example((7, 13, 3), np.uint16)
    write(tmp_path / "a.png", image, channel_axis=-1)
    (head, body), *rest = png_chunks.split((tmp_path / "a.png").read_bytes())
    extra = [(b"gAMA", b"\0\0\xb1\x8f"), (b"tEXt", b"Title\0nerve"), (b"tIME", b"\0" * 7)]
    extra += [(b"sBIT", b"\x0c\x0c\x0c")]
    whole = png_chunks.join([(head, body), *extra, *rest, (b"IEND", b"")])
    (tmp_path / "b.png").write_bytes(whole)
    picture = read(tmp_path / "b.png")
    write(tmp_path / "c.png", picture.array, like=picture)
    chunks = list(png_chunks.split((tmp_path / "c.png").read_bytes()))
    assert [c for c in chunks if c in extra] == [extra[0], extra[1], extra[3]]  # not the time
    assert read(tmp_path / "c.png").array.dtype == np.uint16
    np.testing.assert_array_equal(read(tmp_path / "c.png").array, image)


def test_damaged_text_does_not_stop_the_reading(tmp_path):
    write(tmp_path / "a.png", example((7, 13), np.uint8), like=rich(metadata=Metadata(icc=None)))
    data = (tmp_path / "a.png").read_bytes()
    at = data.index(b"pHYs")
    (tmp_path / "b.png").write_bytes(data[: at + 5] + b"\xff" + data[at + 6 :])
    assert read(tmp_path / "b.png").spacing is None


def test_a_colour_profile_stays_with_its_colours(tmp_path):
    lost = write(tmp_path / "a.png", example((7, 13), np.uint8), like=rich())
    assert any("profile" in sentence for sentence in lost)
    assert read(tmp_path / "a.png").metadata.icc is None


def test_npy_says_what_it_cannot_keep(tmp_path):
    lost = write(tmp_path / "a.npy", rich().array, like=rich())
    assert len(lost) == 3


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_pixels_that_are_not_square(tmp_path, suffix):
    source = Picture(example((8, 8), np.uint8), spacing=(2.0, 1.0))
    assert write(tmp_path / f"a{suffix}", source.array, like=source) == []
    picture = read(tmp_path / f"a{suffix}")
    assert picture.spacing == pytest.approx((2.0, 1.0))
    assert picture.unit is None


def test_what_a_pixel_size_cannot_be_stored_in_is_said(tmp_path):
    source = Picture(example((8, 8), np.uint8), spacing=(0.1, 0.1), unit="um")
    assert write(tmp_path / "a.png", source.array, like=source) == []
    assert read(tmp_path / "a.png").spacing == pytest.approx((1e-4, 1e-4))
    assert len(write(tmp_path / "a.jpg", source.array, like=source)) == 1
    strange = dataclasses.replace(source, unit="degree")
    assert len(write(tmp_path / "a.png", source.array, like=strange)) == 1


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "image", "axis", "word"),
    [
        ("a.png", np.zeros((4, 5), np.float32), None, "to_dtype"),
        ("a.png", np.zeros((4, 5), np.int16), None, "to_dtype"),
        ("a.png", np.zeros((3, 4, 5), np.uint8), None, "stack"),
        ("a.png", np.zeros((4, 5, 5), np.uint8), -1, "5 channels"),
        ("a.png", np.zeros((4, 5, 3), bool), -1, "mask"),
        ("a.jpg", np.zeros((4, 5), np.uint16), None, "uint8"),
        ("a.jpg", np.zeros((4, 5, 4), np.uint8), -1, "opacity"),
        ("a.jpg", np.zeros((1, 70000), np.uint8), None, "65535"),
        ("a.tif", np.zeros((4, 5), np.complex64), None, "complex64"),
        ("a.tif", np.zeros((4,), np.uint8), None, "shape"),
        ("a.tif", np.zeros((0, 4), np.uint8), None, "shape"),
        ("a.tif", np.zeros((2, 3, 4, 5), np.uint8), None, "shape"),
        ("a.tif", np.zeros((3, 4, 5), np.uint8), 0, "channel_axis"),
        ("a.npy", np.array([[None]]), None, "object"),
        ("a.gif", np.zeros((4, 5), np.uint8), None, ".png"),
        ("a", np.zeros((4, 5), np.uint8), None, ".png"),
        ("missing/a.png", np.zeros((4, 5), np.uint8), None, "folder"),
        ("x\ny.gif", np.zeros((4, 5), np.uint8), None, "suffix"),
    ],
)
def test_writing_refuses(tmp_path, name, image, axis, word):
    with pytest.raises(ImageWriteError, match=word) as excinfo:
        write(tmp_path / name, image, channel_axis=axis)
    assert_one_line(excinfo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("missing.png", "no such file"),
        ("", "folder"),
        ("\0", "cannot be opened"),
        ("x" * 5000, "cannot be opened"),
        (3, "path"),
        (None, "path"),
        (b"a.png", "path"),
        (os.devnull, "device"),
    ],
)
def test_reading_refuses(tmp_path, monkeypatch, path, word):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageReadError, match=word) as excinfo:
        read(path)
    assert_one_line(excinfo)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3)])
def test_truncated_files_are_refused(tmp_path, suffix, fraction, shape):
    path = tmp_path / f"a{suffix}"
    write(path, example(shape, np.uint8), channel_axis=-1 if len(shape) == 3 else None)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ImageReadError) as excinfo:
        read(path)
    assert_one_line(excinfo)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
def test_decompression_bombs_are_refused_by_their_header(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write(path, np.zeros((300, 300), np.uint8))
    assert read(path, max_bytes=90_000).array.shape == (300, 300)
    with pytest.raises(ImageReadError, match=r"90,000 bytes.*89,999.*max_bytes"):
        read(path, max_bytes=89_999)


def test_npy_never_unpickles(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(ImageReadError, match="object"):
        read(tmp_path / "a.npy")
    for header in (b"{", b"{'descr': '<f4'}", b"[" * 5000, b"__import__('os')"):
        raw = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header
        (tmp_path / "b.npy").write_bytes(raw)
        with pytest.raises(ImageReadError):
            read(tmp_path / "b.npy")


# --- whole or not at all ----------------------------------------------------------------------


def fail(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ImageWriteError, match="No space left") as excinfo:
        write(path, np.zeros((4, 5), np.uint8))
    assert_one_line(excinfo)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.png", np.zeros((4, 5), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_permission(tmp_path, monkeypatch):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):  # the superuser may write anywhere
        monkeypatch.setattr(Path, "open", fail_permission)
    with pytest.raises(ImageWriteError, match="Permission denied") as excinfo:
        write(folder / "a.png", np.zeros((4, 5), np.uint8))
    monkeypatch.undo()
    folder.chmod(0o700)
    assert_one_line(excinfo)
    assert list(folder.iterdir()) == []


def fail_permission(*_):
    raise PermissionError(13, "Permission denied")


def test_overwriting_is_a_choice_and_keeps_mode_and_link(tmp_path):
    path, link = tmp_path / "a.png", tmp_path / "link.png"
    write(path, np.zeros((4, 5), np.uint8), overwrite=False)
    path.chmod(0o640)
    link.symlink_to(path)
    with pytest.raises(ImageWriteError, match="exists"):
        write(path, np.ones((4, 5), np.uint8), overwrite=False)
    assert not read(path).array.any()
    write(link, np.ones((4, 5), np.uint8))
    assert link.is_symlink()
    assert read(path).array.all()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "link.png"]


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ImageWriteError, match="regular file"):
        write(tmp_path / "a.png", np.zeros((4, 5), np.uint8))


# --- dtypes -----------------------------------------------------------------------------------


@given(
    hnp.arrays(
        st.sampled_from(["float16", "float32", "float64"]),
        hnp.array_shapes(max_side=5),
        elements={"allow_nan": False},
    ),
    st.sampled_from([d for d in REAL if "int" in d]),
)
def test_to_dtype_rounds_and_clips(array, dtype):
    info = np.iinfo(dtype)
    result = to_dtype(array, dtype)
    assert result.dtype == dtype
    for value, got in zip(array.ravel().tolist(), result.ravel().tolist(), strict=True):
        expected = info.max if value > info.max else info.min if value < info.min else round(value)
        assert got == expected


@given(
    hnp.arrays(st.sampled_from([d for d in REAL if "int" in d]), hnp.array_shapes(max_side=5)),
    st.sampled_from([d for d in REAL if "int" in d]),
)
def test_to_dtype_clips_integers(array, dtype):
    info = np.iinfo(dtype)
    result = to_dtype(array, dtype)
    for value, got in zip(array.ravel().tolist(), result.ravel().tolist(), strict=True):
        assert got == min(max(value, info.min), info.max)


def test_to_dtype_refuses_what_has_no_value():
    with pytest.raises(ImageError, match="NaN"):
        to_dtype(np.array([np.nan]), np.uint8)
    with pytest.raises(ImageError, match="complex"):
        to_dtype(np.array([1j]), np.uint8)
    assert np.isinf(to_dtype(np.array([1e9]), np.float16)).all()
    image = np.zeros(3, np.float32)
    assert to_dtype(image, "float32") is image


# --- cost -------------------------------------------------------------------------------------


def test_importing_and_reading_a_png_loads_no_other_codec(tmp_path):
    write(tmp_path / "a.png", np.zeros((4, 5), np.uint8))
    program = (
        "import sys; from divgrad.io import read\n"
        "heavy = {'tifffile', 'PIL', 'imagecodecs', 'scipy', 'skimage', 'numba'}\n"
        "assert not heavy & set(sys.modules)\n"
        "read(sys.argv[1])\n"
        "assert heavy & set(sys.modules) == {'imagecodecs'}\n"
    )
    source = Path(__file__).parents[1] / "src"
    subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.png"],
        check=True,
        env=os.environ | {"PYTHONPATH": str(source)},
    )


def test_suffixes_are_told():
    assert {".png", ".jpg", ".tif", ".npy"} <= set(suffixes)


# --- damage -----------------------------------------------------------------------------------


def test_nothing_is_printed_of_damaged_pixels(tmp_path, capfd):
    """What libpng prints comes from C, where no warning filter reaches."""
    import zlib

    from divgrad.io import png_chunks

    image = example((7, 13), np.uint8)
    write(tmp_path / "a.png", image)
    chunks = dict(png_chunks.split((tmp_path / "a.png").read_bytes()))
    raw = zlib.decompress(chunks[b"IDAT"])
    packed = zlib.compress(raw)
    header = chunks[b"IHDR"]
    for body, sound in (
        (zlib.compress(raw + b"more"), True),
        (packed + b"more", True),
        (packed[:-4] + b"\0\0\0\0", False),
        (zlib.compress(raw[:-1]), False),
        (b"", False),
    ):
        whole = [(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")]
        (tmp_path / "b.png").write_bytes(png_chunks.join(whole))
        if sound:
            np.testing.assert_array_equal(read(tmp_path / "b.png").array, image)
        else:
            with pytest.raises(ImageReadError):
                read(tmp_path / "b.png")
    for size in ((1, 2**31), (2**31, 1), (0, 5), (2_000_000, 1)):
        broad = [(b"IHDR", struct.pack(">II", *size) + header[8:]), (b"IDAT", packed)]
        (tmp_path / "b.png").write_bytes(png_chunks.join([*broad, (b"IEND", b"")]))
        with pytest.raises(ImageReadError):
            read(tmp_path / "b.png")
    assert capfd.readouterr() == ("", "")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.sampled_from([".png", ".jpg", ".tif", ".npy"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_any_change_of_bytes_is_read_or_refused(tmp_path_factory, suffix, changes, cut):
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"sound{suffix}"
    if not path.exists():
        small = rich(metadata=Metadata(icc=PROFILE[:200], exif=EXIF))
        write(path, small.array, like=small)
    data = bytearray(path.read_bytes())
    for where, value in changes:
        data[int(where**3 * (len(data) - 1))] = value  # most of them near the head
    if cut < 0.2:
        del data[int(cut * 5 * len(data)) :]
    damaged = folder / f"damaged{suffix}"
    damaged.write_bytes(data)
    try:
        message = repr(read(damaged))
    except ImageReadError as refusal:
        message = str(refusal)
    assert len(message.splitlines()) == 1


def test_exif_that_asks_for_much_is_soon_done():
    from divgrad.io import exif

    entry = struct.pack("<HHII", 34665, 4, 1, 8)  # each leads to the same directory again
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 4000) + entry * 4000
    directory, order = exif.parse_block(data)
    assert order == "<"
    values = [struct.pack("<HHII", tag, 7, 40_000, 8) for tag in range(4000)]
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", 4000) + b"".join(values)
    directory, _ = exif.parse_block(data)
    assert sum(len(e.value) for e in directory.values()) <= 2**24
    assert exif.parse_block(exif.block(directory, order))[0] == directory
