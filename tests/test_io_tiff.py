"""TIFF dialects: ImageJ and OME stacks, bit depths, layouts, and files that are cut short."""

from __future__ import annotations

import dataclasses
import logging
import struct
import threading

import numpy as np
import pytest
import tifffile

from divgrad.errors import ImageReadError
from divgrad.io import Picture, read, write


def ramp(shape, dtype):
    return (np.arange(np.prod(shape)) % 251).reshape(shape).astype(dtype)


# --- voxel size -------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["um", "nm", "mm", "inch"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "int16"])
@pytest.mark.parametrize("channels", [0, 2, 3])
def test_voxel_size_of_a_stack(tmp_path, dtype, unit, channels):
    shape = (5, 7, 9) + (channels,) * (channels > 0)
    axis = -1 if channels else None
    picture = Picture(ramp(shape, dtype), axis, spacing=(0.3, 0.11, 0.07), unit=unit)
    assert write(tmp_path / "a.tif", picture.array, like=picture) == []
    once = read(tmp_path / "a.tif")
    assert write(tmp_path / "b.tif", once.array, like=once) == []
    twice = read(tmp_path / "b.tif")
    for got in (once, twice):
        np.testing.assert_array_equal(got.array, picture.array)
        assert got.array.dtype == dtype
        assert got.channel_axis == axis
        factor = 25.4 if unit == "inch" and got.unit == "mm" else 1
        assert got.spacing == pytest.approx([factor * h for h in (0.3, 0.11, 0.07)], rel=1e-6)
        assert got.unit == unit or factor != 1
        assert got.calibrated


@pytest.fixture
def imagej(tmp_path):
    """A two-channel stack as ImageJ writes it, with its own byte order."""
    path = tmp_path / "cell.tif"
    metadata = {
        "axes": "ZCYX",
        "spacing": 0.5,
        "unit": "\\u00B5m",
        "mode": "composite",
        "Info": "Objective = 60x\n",
        "Labels": [f"plane {n}" for n in range(8)],
        "Ranges": (0.0, 100.0, 0.0, 200.0),
        "LUTs": [np.zeros((3, 256), np.uint8), np.full((3, 256), 9, np.uint8)],
        "min": 3.0,
        "max": 99.0,
        "xorigin": 4.0,
    }
    image = ramp((4, 2, 6, 8), "uint16")
    tifffile.imwrite(
        path, image, imagej=True, byteorder=">", resolution=(10, 10), metadata=metadata
    )
    return path, image, metadata


def test_imagej_stack_keeps_everything(imagej, tmp_path):
    path, image, metadata = imagej
    picture = read(path)
    np.testing.assert_array_equal(picture.array, np.moveaxis(image, 1, -1))
    assert picture.channel_axis == -1
    assert not picture.alpha
    assert picture.spacing == pytest.approx((0.5, 0.1, 0.1))
    assert (picture.unit, picture.calibrated) == ("um", True)
    assert write(tmp_path / "b.tif", picture.array, like=picture) == []
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        np.testing.assert_array_equal(tif.asarray(), image)
        kept = tif.imagej_metadata
        assert tif.byteorder == ">"
    for key in ("mode", "Info", "Labels", "Ranges", "spacing", "min", "max", "xorigin"):
        assert kept[key] == metadata[key]
    np.testing.assert_array_equal(kept["LUTs"], metadata["LUTs"])
    assert (kept["channels"], kept["slices"], kept["unit"]) == (2, 4, "um")


def test_imagej_labels_go_when_the_planes_change(imagej, tmp_path):
    path, _, _ = imagej
    picture = read(path)
    mask = picture.array[..., 0] > 5
    lost = write(tmp_path / "b.tif", mask, like=picture)
    assert any("ImageJ" in sentence for sentence in lost)
    assert read(tmp_path / "b.tif").spacing == pytest.approx((0.5, 0.1, 0.1))
    lost = write(tmp_path / "c.tif", picture.array[:2], like=picture)
    assert any("labels" in sentence for sentence in lost)
    assert read(tmp_path / "c.tif").spacing == pytest.approx((0.5, 0.1, 0.1))


def test_imagej_colour_table_is_for_display(tmp_path):
    table = np.zeros((3, 256), np.uint16)
    table[1] = np.arange(256) * 257
    image = ramp((6, 8), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", image, imagej=True, colormap=table)
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)
    write(tmp_path / "b.tif", picture.array, like=picture)
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        np.testing.assert_array_equal(tif.pages[0].colormap, table)


@pytest.mark.parametrize(
    ("axes", "shape", "arranged"),
    [
        ("YX", (6, 8), "YX"),
        ("ZYX", (4, 6, 8), "ZYX"),
        ("TYX", (4, 6, 8), "TYX"),
        ("CYX", (2, 6, 8), "YXC"),
        ("ZCYX", (4, 2, 6, 8), "ZYXC"),
        ("CZYX", (2, 4, 6, 8), "ZYXC"),
        ("YXS", (6, 8, 3), "YXS"),
    ],
)
def test_ome(tmp_path, axes, shape, arranged):
    image = ramp(shape, "float32")
    size = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 500.0}
    size |= {"PhysicalSizeZUnit": "nm"}
    colours = "rgb" if axes[-1] == "S" else "minisblack"
    metadata = {"axes": axes} | size
    tifffile.imwrite(
        tmp_path / "a.ome.tif", image, ome=True, photometric=colours, metadata=metadata
    )
    picture = read(tmp_path / "a.ome.tif")
    order = [axes.index(a) for a in arranged]
    np.testing.assert_array_equal(picture.array, image.transpose(order))
    assert picture.channel_axis == (-1 if arranged[-1] in "SC" else None)
    expected = {
        "ZYX": ((5e-4, 2e-4, 1e-4), "mm"),  # of different units: all in mm
        "YX": ((0.2, 0.1), "um"),
        "TYX": (None, None),
    }[arranged.rstrip("SC")]
    assert picture.spacing == (None if expected[0] is None else pytest.approx(expected[0]))
    assert picture.unit == expected[1]
    write(tmp_path / "b.ome.tif", picture.array, like=picture)
    again = read(tmp_path / "b.ome.tif")
    np.testing.assert_array_equal(again.array, picture.array)
    assert again.metadata.native["kind"] == "ome"
    assert again.unit == picture.unit
    if expected[0] is not None:
        assert again.spacing == pytest.approx(expected[0])


def test_print_resolution_is_no_calibration(tmp_path):
    image = ramp((6, 8), "uint8")
    for unit, across in (("inch", 25.4 / 300), ("centimeter", 10 / 300)):
        tifffile.imwrite(tmp_path / "a.tif", image, resolution=(300, 150), resolutionunit=unit)
        picture = read(tmp_path / "a.tif")
        assert picture.spacing == pytest.approx((2 * across, across))
        assert (picture.unit, picture.calibrated) == ("mm", False)
        write(tmp_path / "b.tif", picture.array, like=picture)
        with tifffile.TiffFile(tmp_path / "b.tif") as tif:
            assert tif.pages[0].resolution == pytest.approx((300, 150))
            assert tif.pages[0].resolutionunit.name == unit.upper()


def test_print_resolution_of_a_stack_survives_without_a_voxel_size(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        ramp((4, 6, 8), "uint8"),
        photometric="minisblack",
        resolution=(300, 300),
        resolutionunit="inch",
    )
    picture = read(tmp_path / "a.tif")
    assert picture.spacing is None
    write(tmp_path / "b.tif", picture.array, like=picture)
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.pages[0].resolution == (300, 300)


# --- what else a TIFF says --------------------------------------------------------------------


def test_description_and_private_tags(tmp_path):
    tags = [(315, "s", 0, "Anna", True), (700, "B", 5, b"<xmp>", True), (65000, "H", 1, 7, True)]
    tags += [(33550, "d", 3, (0.5, 0.5, 0.0), True)]
    tifffile.imwrite(
        tmp_path / "a.tif",
        ramp((6, 8), "uint8"),
        description="Größe".encode(),
        metadata=None,
        software="scope 3",
        datetime="2020:01:02 03:04:05",
        extratags=tags,
    )
    picture = read(tmp_path / "a.tif")
    lost = write(tmp_path / "b.tif", picture.array, like=picture)
    assert lost == ["the TIFF tags 65000 are not understood"]
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        found = {tag.code: tag.value for tag in tif.pages[0].tags}
    assert found[270] == "Größe"
    assert found[305] == "scope 3"
    assert found[306] == "2020:01:02 03:04:05"
    assert found[315] == "Anna"
    assert found[700] == b"<xmp>"
    assert found[33550] == (0.5, 0.5, 0.0)


@pytest.mark.parametrize(("bits", "dtype"), [(2, "uint8"), (4, "uint8"), (12, "uint16")])
def test_bit_depth(tmp_path, bits, dtype):
    image = ramp((6, 8), dtype) % 2**bits
    tifffile.imwrite(tmp_path / "a.tif", image, bitspersample=bits, metadata=None)
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)
    assert picture.metadata.bits == bits
    assert write(tmp_path / "b.tif", picture.array, like=picture) == []
    assert read(tmp_path / "b.tif").metadata.bits == bits
    lost = write(tmp_path / "c.tif", picture.array + image.dtype.type(2**bits), like=picture)
    assert lost == [f"{bits} bits per sample became {8 * image.dtype.itemsize}"]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits"])
def test_compressed_stays_compressed(tmp_path, dtype, compression):
    image = ramp((4, 60, 80), dtype)
    options = {"compression": compression, "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", image, **options)
    picture = read(tmp_path / "a.tif")
    write(tmp_path / "b.tif", picture.array, like=picture)
    np.testing.assert_array_equal(read(tmp_path / "b.tif").array, image)
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.pages[0].compression.name == "ADOBE_DEFLATE"


def test_zero_is_white(tmp_path):
    image = ramp((6, 8), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="miniswhite", metadata=None)
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)  # as stored
    assert write(tmp_path / "b.tif", image, like=picture) == []
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.pages[0].photometric.name == "MINISWHITE"
    lost = write(tmp_path / "b.png", image, like=picture)
    assert any("inverted" in sentence for sentence in lost)
    np.testing.assert_array_equal(read(tmp_path / "b.png").array, 255 - image)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("pages", [1, 3])
def test_layouts(tmp_path, order, bigtiff, planar, tile, pages):
    image = ramp((pages, 20, 30, 3), "uint16")
    stored = np.moveaxis(image, -1, 1) if planar == "separate" else image
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        byteorder=order,
        bigtiff=bigtiff,
        photometric="rgb",
        planarconfig=planar,
        tile=tile,
        metadata=None,
    )
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image if pages > 1 else image[0])
    assert picture.array.dtype.isnative
    assert picture.channel_axis == -1
    lost = write(tmp_path / "b.tif", picture.array, like=picture)
    assert lost == []
    np.testing.assert_array_equal(read(tmp_path / "b.tif").array, picture.array)


def test_palette_is_expanded_with_all_its_bits(tmp_path):
    image = ramp((6, 8), "uint8")
    for factor, dtype in ((257, np.uint8), (256, np.uint8), (199, np.uint16)):
        table = np.stack([np.arange(256) * factor] * 3).astype(np.uint16)
        tifffile.imwrite(
            tmp_path / "a.tif", image, photometric="palette", colormap=table, metadata=None
        )
        picture = read(tmp_path / "a.tif")
        assert picture.array.dtype == dtype
        expected = image.astype(np.uint32) * (1 if dtype == np.uint8 else factor)
        np.testing.assert_array_equal(picture.array, np.dstack([expected] * 3))
        assert "expanded" in picture.metadata.dropped[0]


@pytest.mark.parametrize("name", ["assocalpha", "unassalpha", "unspecified"])
@pytest.mark.parametrize("channels", [2, 4])
def test_extra_samples(tmp_path, name, channels):
    image = ramp((6, 8, channels), "uint16")
    tifffile.imwrite(
        tmp_path / "a.tif",
        image,
        photometric="rgb" if channels == 4 else "minisblack",
        planarconfig="contig",
        extrasamples=[name],
        metadata=None,
    )
    picture = read(tmp_path / "a.tif")
    assert picture.alpha == (name != "unspecified")
    write(tmp_path / "b.tif", picture.array, like=picture)
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert [e.name for e in tif.pages[0].extrasamples] == [name.upper()]
        np.testing.assert_array_equal(tif.asarray(), image)


# --- refused ----------------------------------------------------------------------------------


def test_pages_that_differ(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(ramp((6, 8), "uint8"), metadata=None)
        tif.write(ramp((6, 9), "uint8"), metadata=None)
    with pytest.raises(ImageReadError, match="differ"):
        read(tmp_path / "a.tif")


def test_overviews_are_left_aside_and_told(tmp_path):
    image = ramp((64, 64), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(image, subifds=1, metadata=None)
        tif.write(image[::2, ::2], subfiletype=1, metadata=None)
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)
    assert any("overviews" in sentence for sentence in picture.metadata.dropped)


@pytest.mark.parametrize(
    ("image", "options", "word"),
    [
        (np.zeros((2, 3, 6, 8), np.uint8), {"imagej": True, "metadata": {"axes": "TZYX"}}, "TZYX"),
        (np.zeros((6, 8), np.complex64), {"metadata": None}, "sample"),
        (np.zeros((6, 8, 4), np.uint8), {"photometric": "separated"}, "SEPARATED"),
        (np.zeros((6, 8, 3), np.uint8), {"photometric": "cielab"}, "CIELAB"),
    ],
)
def test_what_is_no_image_here(tmp_path, image, options, word):
    tifffile.imwrite(tmp_path / "a.tif", image, **options)
    with pytest.raises(ImageReadError, match=word) as excinfo:
        read(tmp_path / "a.tif")
    assert "\n" not in str(excinfo.value)
    assert len(str(excinfo.value)) <= 200


DIALECTS = {
    "plain": {"metadata": None},
    "shaped": {},
    "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
    "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
    "zlib": {"compression": "zlib", "metadata": None},
    "tiles": {"tile": (16, 16), "metadata": None},
    "truncate": {"truncate": True},
}


@pytest.mark.parametrize("fraction", [0.5, 0.7, 0.95, 0.99])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("pages", [1, 20])
def test_truncated_stacks_are_refused(tmp_path, dialect, fraction, pages):
    path = tmp_path / "a.tif"
    image = np.random.default_rng(0).integers(0, 60000, (pages, 48, 48)).astype(np.uint16)
    tifffile.imwrite(path, image, photometric="minisblack", **DIALECTS[dialect])
    np.testing.assert_array_equal(read(path).array, image if pages > 1 else image[0])
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ImageReadError):
        read(path)


@pytest.mark.parametrize("fraction", [0.5, 0.7, 0.95, 0.99])
def test_directories_behind_the_pixels(tmp_path, fraction):
    from PIL import Image

    path = tmp_path / "a.tif"
    images = [Image.fromarray(ramp((40, 40), "uint8")) for _ in range(10)]
    images[0].save(path, save_all=True, append_images=images[1:], compression="tiff_lzw")
    assert read(path).array.shape == (10, 40, 40)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ImageReadError):
        read(path)


def test_pixels_said_to_be_elsewhere(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((40, 40), "uint8"), metadata=None)
    with tifffile.TiffFile(path) as tif:
        place = tif.pages[0].tags[273].valueoffset
    data = path.read_bytes()
    for value in (0, 10**6):
        changed = bytearray(data)
        struct.pack_into("<I", changed, place, value)
        path.write_bytes(changed)
        with pytest.raises(ImageReadError):
            read(path)


def test_another_file_is_never_opened(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif", ramp((2, 6, 8), "uint8"), ome=True, metadata={"axes": "ZYX"}
    )
    other = b'<TiffData IFD="0" FirstZ="1"><UUID FileName="b.tif">urn:uuid:1</UUID></TiffData>'
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tif:
        xml = tif.ome_metadata
    start = xml.index("<TiffData")
    end = xml.index("</Pixels>")
    tifffile.imwrite(tmp_path / "b.tif", np.full((6, 8), 99, np.uint8))
    with tifffile.TiffWriter(tmp_path / "c.tif") as tif:
        tif.write(
            ramp((6, 8), "uint8"),
            metadata=None,
            description=xml[:start].encode()
            + b'<TiffData IFD="0" FirstZ="0" PlaneCount="1"/>'
            + other
            + xml[end:].encode(),
        )
    picture = read(tmp_path / "c.tif")
    np.testing.assert_array_equal(picture.array, ramp((6, 8), "uint8"))
    assert any("OME" in sentence for sentence in picture.metadata.dropped)


# --- silence ----------------------------------------------------------------------------------


def test_records_are_dropped_in_this_thread_only(tmp_path, caplog):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((40, 40), "uint8"), metadata=None)
    broken = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        place = tif.pages[0].tags[282].offset
    struct.pack_into("<H", broken, place + 2, 77)  # a type of tag that does not exist
    path.write_bytes(broken)
    with caplog.at_level(logging.DEBUG):
        read(path)
        assert caplog.records == []
        thread = threading.Thread(target=lambda: tifffile.imread(path))
        thread.start()
        thread.join()
        assert caplog.records


def test_a_picture_changed_by_hand(tmp_path):
    """What tasks do: another array, another spacing, the rest as it was."""
    write(tmp_path / "a.tif", ramp((6, 8), "uint16"))
    picture = read(tmp_path / "a.tif")
    finer = dataclasses.replace(picture, spacing=(0.5, 0.5), unit="um", calibrated=True)
    assert write(tmp_path / "b.tif", ramp((12, 16), "float64"), like=finer) == []
    again = read(tmp_path / "b.tif")
    assert (again.spacing, again.unit) == (pytest.approx((0.5, 0.5)), "um")


def test_tiles_that_are_not_listed(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((40, 40), "uint8"), tile=(16, 16), metadata=None)
    with tifffile.TiffFile(path) as tif:
        place = tif.pages[0].tags[257].valueoffset  # the number of rows
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, place, 4000)
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match="missing"):
        read(path)


def test_an_unusual_unit(tmp_path):
    picture = Picture(ramp((6, 8), "uint16"), spacing=(0.5, 0.5), unit="ångström")
    assert write(tmp_path / "a.tif", picture.array, like=picture) == []
    assert read(tmp_path / "a.tif").spacing == pytest.approx((0.5, 0.5))
    extreme = dataclasses.replace(picture, spacing=(1e-12, 1e-12))
    assert len(write(tmp_path / "a.tif", picture.array, like=extreme)) == 1


def test_pages_that_were_appended_are_a_stack(tmp_path):
    """As scripts write them, one frame after the other: each page tells a shape of its own."""
    frames = np.random.default_rng(0).integers(0, 4000, (3, 20, 24)).astype(np.uint16)
    for n, frame in enumerate(frames):
        tifffile.imwrite(tmp_path / "a.tif", frame, append=True, description=f"frame {n}")
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, frames)
    assert "the descriptions of single pages are not kept" in picture.metadata.dropped
    tifffile.imwrite(tmp_path / "a.tif", frames[0, :9], append=True)
    with pytest.raises(ImageReadError, match="differ"):
        read(tmp_path / "a.tif")


def test_what_a_bigtiff_says_in_exif_is_said_to_be_lost(tmp_path):
    path, image = tmp_path / "a.tif", np.zeros((8, 8), np.uint8)
    tifffile.imwrite(path, image, bigtiff=True, byteorder="<", extratags=[(34660, 16, 1, 8, True)])
    other, exif = (struct.pack("<HHQ", code, 16, 1) for code in (34660, 34665))
    data = path.read_bytes()
    assert data.count(other) == 1
    path.write_bytes(data.replace(other, exif))
    said = "the EXIF and GPS entries of a BigTIFF are not kept"
    assert said in read(path).metadata.dropped
