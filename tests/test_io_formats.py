"""The formats of fields: there and back, against the programs of the field, and what none of them may do."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from divgrad.batches import batch
from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.io import Metadata, Picture, read, write
from divgrad.io.formats import FORMATS, WRITTEN
from divgrad.io.picture import upright
from divgrad.recipes import loads
from test_io import EXIF, PROFILE, assert_one_line, example

CORPUS = Path(__file__).parents[2] / "shared" / "data" / "badimages"
VOLUMES = [".nii", ".nii.gz", ".nrrd", ".mha", ".h5", ".zarr"]
SHAPES = [(4, 5, 6), (5, 6), (4, 5, 6, 2), (5, 6, 3)]


def turn():
    """Return three unit vectors, no two axes of which coincide with x, y or z."""
    a, b, c = 0.2, 0.3, 0.5
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return tuple(map(tuple, x @ y @ z))


def placed(shape, dtype="uint16", unit="mm"):
    """A picture whose pixels lie somewhere, turned where it is a volume."""
    channels = len(shape) == 4 or shape[-1] == 3
    ndim = len(shape) - channels
    return Picture(
        example(shape, dtype),
        channel_axis=-1 if channels else None,
        spacing=(0.5, 0.25, 0.125)[3 - ndim :],
        unit=unit,
        origin=(1.0, 2.0, 3.0)[:ndim],
        direction=turn() if ndim == 3 else None,
    )


def assert_same_place(got, expected):
    assert got.spacing == pytest.approx(expected.spacing, rel=1e-6)
    assert got.unit == expected.unit
    assert got.origin[: len(expected.origin)] == pytest.approx(expected.origin, abs=1e-5)
    if expected.direction is not None:
        np.testing.assert_allclose(got.direction, expected.direction, atol=1e-5)
    assert got.channel_axis == expected.channel_axis


@pytest.mark.parametrize("suffix", VOLUMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_volume_keeps_its_place_in_space(tmp_path, suffix, shape):
    source = placed(shape)
    assert write(tmp_path / f"a{suffix}", source.array, like=source) == []
    once = read(tmp_path / f"a{suffix}")
    assert_same_place(once, source)
    np.testing.assert_array_equal(once.array, source.array)
    assert once.array.dtype == source.array.dtype
    assert once.array.flags.c_contiguous
    assert write(tmp_path / f"b{suffix}", once.array, like=once) == []
    twice = read(tmp_path / f"b{suffix}")  # to the last digit
    assert (twice.spacing, twice.origin, twice.direction) == (
        once.spacing,
        once.origin,
        once.direction,
    )


@pytest.mark.parametrize("first", VOLUMES)
@pytest.mark.parametrize("last", VOLUMES)
def test_places_go_from_any_format_to_any_other(tmp_path, first, last):
    source = placed((4, 5, 6), "float32")
    write(tmp_path / f"a{first}", source.array, like=source)
    once = read(tmp_path / f"a{first}")
    write(tmp_path / f"b{last}", once.array, like=once)
    twice = read(tmp_path / f"b{last}")
    assert_same_place(twice, source)
    np.testing.assert_array_equal(twice.array, source.array)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 6, 2)])
def test_itk_sees_the_same_volume(tmp_path, suffix, shape):
    source = placed(shape)
    write(tmp_path / f"a{suffix}", source.array, like=source)
    image = SimpleITK.ReadImage(str(tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), source.array)
    assert image.GetSpacing() == pytest.approx(source.spacing[::-1])
    assert image.GetOrigin() == pytest.approx(source.origin)
    columns = np.array(image.GetDirection()).reshape(3, 3)
    np.testing.assert_allclose(columns.T[::-1], source.direction, atol=1e-6)
    # and back: what ITK writes is read as the same
    SimpleITK.WriteImage(image, str(tmp_path / f"i{suffix}"), suffix != ".nii")
    again = read(tmp_path / f"i{suffix}")
    np.testing.assert_array_equal(again.array, source.array)
    assert_same_place(again, source)


@pytest.mark.parametrize("suffix", VOLUMES)
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "float32", "float64"])
def test_value_types_survive(tmp_path, suffix, dtype):
    image = example((3, 5, 7), dtype)
    assert write(tmp_path / f"a{suffix}", image) == []
    picture = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.array, image)
    assert picture.array.dtype == dtype
    assert picture.spacing is None or suffix not in (".h5", ".zarr", ".nrrd")


def test_nifti_scales_as_its_header_says(tmp_path):
    import nibabel

    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = nibabel.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(0.5, -3.0)
    nibabel.save(image, tmp_path / "a.nii")
    picture = read(tmp_path / "a.nii")
    np.testing.assert_array_equal(picture.array, stored.T * 0.5 - 3)
    assert any("scaled" in sentence for sentence in picture.metadata.dropped)


def test_nifti_of_colours_and_of_times(tmp_path):
    import nibabel

    colours = np.random.default_rng(0).integers(0, 255, (4, 5, 6, 3)).astype(np.uint8)
    kinds = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colours.view(kinds)[..., 0], np.eye(4)), tmp_path / "a.nii")
    picture = read(tmp_path / "a.nii")
    np.testing.assert_array_equal(picture.array, colours.transpose(2, 1, 0, 3))
    write(tmp_path / "b.nii", picture.array, like=picture)
    assert nibabel.load(tmp_path / "b.nii").get_data_dtype() == kinds
    times = np.arange(4 * 5 * 6 * 7, dtype=np.float32).reshape(4, 5, 6, 7)
    nibabel.save(nibabel.Nifti1Image(times, np.eye(4)), tmp_path / "t.nii.gz")
    picture = read(tmp_path / "t.nii.gz")
    assert (picture.array.shape, picture.channel_axis) == ((6, 5, 4, 7), -1)
    write(tmp_path / "u.nii.gz", picture.array, like=picture)
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "u.nii.gz").dataobj), times)


# --- microscopes --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".zarr", ".h5", ".tif"])
def test_channels_keep_their_names_and_profile(tmp_path, suffix):
    source = dataclasses.replace(
        placed((4, 5, 6, 2), unit="um"), direction=None, names=("DAPI", "actin")
    )
    assert write(tmp_path / f"a{suffix}", source.array, like=source) == []
    picture = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.array, source.array)
    assert picture.names == source.names
    assert_same_place(picture, source)
    rich = dataclasses.replace(
        source, array=example((5, 6, 3), "uint8"), names=(), spacing=(0.5, 0.5), origin=None,
        metadata=Metadata(icc=PROFILE, exif=EXIF),
    )  # fmt: skip
    assert write(tmp_path / f"c{suffix}", rich.array, like=rich) == []
    again = read(tmp_path / f"c{suffix}").metadata
    assert (again.icc, again.exif) == (PROFILE, EXIF)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("packing", ["blosc", "zstd", "gzip"])
def test_ome_zarr_of_others(tmp_path, version, packing):
    """0.4 as other programs write it, 0.5 in shards; the time axis of one point goes."""
    import numcodecs
    import zarr

    own = {
        "blosc": zarr.codecs.BloscCodec,
        "zstd": zarr.codecs.ZstdCodec,
        "gzip": zarr.codecs.GzipCodec,
    }
    old = {"blosc": numcodecs.Blosc, "zstd": numcodecs.Zstd, "gzip": numcodecs.GZip}
    image = example((1, 2, 3, 20, 30), "uint16")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=version)
    stored = group.create_array(
        "s0", shape=image.shape, dtype=image.dtype, chunks=(1, 1, 1, 8, 8),
        shards=(1, 1, 3, 16, 16) if version == 3 else None,
        compressors=(own if version == 3 else old)[packing](),
    )  # fmt: skip
    stored[...] = image
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    axes += [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    steps = [{"type": "scale", "scale": [1, 1, 0.5, 0.1, 0.2]}]
    multiscales = [{"axes": axes, "datasets": [{"path": "s0", "coordinateTransformations": steps}]}]
    said = {"multiscales": multiscales, "omero": {"channels": [{"label": "a"}, {"label": "b"}]}}
    group.attrs.update(said if version == 2 else {"ome": {"version": "0.5", **said}})
    for place in (tmp_path / "a.zarr", tmp_path / "a.zarr" / "s0"):
        picture = read(place)
        np.testing.assert_array_equal(picture.array, np.moveaxis(image[0], 0, -1))
        assert (picture.spacing, picture.unit) == ((0.5, 0.1, 0.2), "um")
        assert picture.names == ("a", "b")


def test_ome_zarr_keeps_its_coarser_resolutions(tmp_path):
    import zarr

    from divgrad.io.ome_zarr import understood

    image = example((300, 200), "uint8")
    source = Picture(image, spacing=(0.5, 0.5), unit="um", origin=(10.0, 20.0))
    write(tmp_path / "a.zarr", image, like=source)
    single = read(tmp_path / "a.zarr")
    assert single.metadata.native["levels"] == 1
    several = dataclasses.replace(
        single,
        metadata=dataclasses.replace(
            single.metadata, native=single.metadata.native | {"levels": 3}
        ),
    )
    write(tmp_path / "b.zarr", image, like=several)
    group = zarr.open_group(str(tmp_path / "b.zarr"), mode="r")
    said = understood(group)
    assert [group[level.path].shape for level in said.levels] == [(300, 200), (150, 100)]
    assert said.levels[1].scale == (1.0, 1.0)
    assert said.levels[1].translation == (20.25, 10.25)  # the centre of the first pixel
    mean = image.reshape(150, 2, 100, 2).mean((1, 3))
    assert np.abs(group["1"][...] - mean).max() <= 0.5
    assert said.version == "0.5"
    # replaced whole, and only images
    assert write(tmp_path / "b.zarr", image[:50], like=several) == []
    assert read(tmp_path / "b.zarr").array.shape == (50, 200)
    (tmp_path / "c.zarr").mkdir()
    with pytest.raises(ImageWriteError, match="regular"):
        write(tmp_path / "c.zarr", image)
    with pytest.raises(ImageWriteError, match="exists"):
        write(tmp_path / "b.zarr", image, overwrite=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zarr", "b.zarr", "c.zarr"]


@pytest.mark.parametrize("shape", [(300, 200), (3, 300, 200), (300, 200, 3)])
def test_a_pyramid_of_tiles_stays_one(tmp_path, shape):
    import tifffile

    image = example(shape, "uint8")
    colour = shape[-1] == 3
    rows = 0 if colour else -2
    options = {"tile": (64, 64), "photometric": "rgb" if colour else "minisblack"}
    with tifffile.TiffWriter(tmp_path / "a.tif", bigtiff=True, ome=True) as tif:
        axes = "YXS" if colour else "ZYX"[-len(shape) :]
        tif.write(
            image,
            subifds=1,
            metadata={"axes": axes, "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5},
            **options,
        )
        coarse = image[::2, ::2] if colour else image[..., ::2, ::2]
        tif.write(coarse, subfiletype=1, **options)
    picture = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.array, image)
    write(tmp_path / "b.tif", picture.array, like=picture)
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        levels = tif.series[0].levels
        assert len(levels) == 2
        assert tif.series[0].kind == "ome"
        assert levels[0].keyframe.tile == (64, 64)
        np.testing.assert_array_equal(levels[0].asarray(), image)
        assert levels[1].shape[rows] == 150
        mean = image.reshape(*shape[: len(shape) - 2 - colour], 150, 2, 100, 2, -1).mean((-2, -4))
        assert np.abs(levels[1].asarray().reshape(mean.shape) - mean).max() <= 0.5


def test_attributes_of_hdf5_survive_or_are_said_to_be_lost(tmp_path):
    import h5py

    from divgrad.io import Isolation

    kept = {
        "text": "in \u00b5m", "bytes": np.bytes_(b"abc"), "list": ["a", "b\u00b5"], "short": np.array([b"ab", b"c"]),
        "byte": np.uint8(3), "half": np.float16(2), "yes": True, "grid": np.ones((2, 2)), "none": np.zeros(0, np.int16),
        "large": np.uint64(2**63), "swapped": np.arange(3, dtype=">i4"), "nan": np.nan,
    }  # fmt: skip
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        array = opened.create_dataset("image", data=example((6, 7), "uint16"))
        array.attrs["axes"] = "yx"
        for key, value in kept.items():
            array.attrs[key] = value
        array.attrs["empty"] = h5py.Empty("f4")
        array.attrs["link"] = array.ref
        opened.attrs["author"] = "somebody"
    for isolated in (None, Isolation()):
        picture = read(tmp_path / "a.h5", isolated=isolated)
        assert picture.metadata.dropped == (
            "the HDF5 attributes empty, link, /author are not kept",
        )
        write(tmp_path / "b.h5", picture.array, like=picture)
        with h5py.File(tmp_path / "a.h5") as before, h5py.File(tmp_path / "b.h5") as after:
            for key in kept:
                a, b = (opened["image"].attrs[key] for opened in (before, after))
                assert type(a) is type(b), key
                np.testing.assert_array_equal(a, b)
                assert np.asarray(a).dtype == np.asarray(b).dtype, key


@pytest.mark.parametrize(
    "key", ["axes", "spacing", "unit", "origin", "direction", "names", "alpha"]
)
def test_attributes_of_hdf5_that_mean_something_else(tmp_path, key):
    """Other programs may use our words for what they like."""
    import h5py

    image = example((6, 7), "uint16")
    for value in (3, "words", ["a", "b"], np.nan, np.zeros(0), np.eye(2), np.bytes_(b"yx"), False):
        with h5py.File(tmp_path / "a.h5", "w") as opened:
            opened.create_dataset("image", data=image).attrs[key] = value
        picture = read(tmp_path / "a.h5")
        np.testing.assert_array_equal(picture.array, image)
        assert not picture.alpha
        write(tmp_path / "b.h5", picture.array, like=picture)
        np.testing.assert_array_equal(read(tmp_path / "b.h5").array, image)


@pytest.mark.parametrize("packing", ["none", "gzip", "lzf", "szip"])
@pytest.mark.parametrize("dtype", ["uint8", ">u2", "<f4", ">f8", "bool"])
def test_chunks_of_hdf5_as_its_own_library_packs_them(tmp_path, packing, dtype):
    import h5py

    if packing == "szip" and dtype == "bool":
        return  # HDF5 has none
    for shape, chunks in (((33, 41), (8, 5)), ((7, 16, 16), (2, 16, 5))):
        image = example(shape, "uint8").astype(dtype)
        for shuffle, fletcher32 in itertools.product((False, True), repeat=2):
            with h5py.File(tmp_path / "a.h5", "w", userblock_size=512 * shuffle) as opened:
                opened.create_dataset(
                    "image", data=image, chunks=chunks, shuffle=shuffle, fletcher32=fletcher32,
                    compression=None if packing == "none" else packing,
                )  # fmt: skip
            np.testing.assert_array_equal(read(tmp_path / "a.h5").array, image)


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">u4", "float32", ">f8"])
def test_scaled_chunks_of_hdf5(tmp_path, dtype):
    import h5py

    for image in (example((33, 41), "uint8"), np.full((9, 9), 5), np.full((9, 9), -2)):
        for digits, packing, shuffle in itertools.product(
            (0, 3, 12), (None, "gzip"), (False, True)
        ):
            with h5py.File(tmp_path / "a.h5", "w") as opened:
                data = (image / 7 if np.dtype(dtype).kind == "f" else image % 8).astype(dtype)
                opened.create_dataset(
                    "image",
                    data=data,
                    chunks=(8, 5),
                    scaleoffset=digits,
                    compression=packing,
                    shuffle=shuffle,
                )
            with h5py.File(tmp_path / "a.h5") as opened:  # as packed
                want = opened["image"][()]
            np.testing.assert_array_equal(read(tmp_path / "a.h5").array, want)


def test_a_checksum_of_hdf5_is_looked_at(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as opened:
        array = opened.create_dataset(
            "image", data=np.full((8, 8), 7, np.uint8), chunks=(4, 8), fletcher32=True
        )
        at = array.id.get_chunk_info(1).byte_offset
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[at] ^= 1
    (tmp_path / "a.h5").write_bytes(data)
    with pytest.raises(ImageReadError, match="a chunk of the HDF5 array is damaged"):
        read(tmp_path / "a.h5")


def test_hdf5_arrays_are_named(tmp_path):
    import h5py

    image = example((3, 20, 30), "uint16")
    with h5py.File(tmp_path / "a.h5", "w") as opened:
        one = opened.create_dataset(
            "entry/data", data=image, chunks=(2, 8, 8), compression="gzip", shuffle=True
        )
        one.attrs["element_size_um"] = [0.5, 0.2, 0.1]
        opened.create_dataset("mask", data=image[0] > 5)
        opened["far"] = h5py.ExternalLink(str(tmp_path / "b.h5"), "/image")
        opened["soft"] = h5py.SoftLink("/mask")
    picture = read(tmp_path / "a.h5" / "entry" / "data")
    np.testing.assert_array_equal(picture.array, image)
    assert (picture.spacing, picture.unit) == ((0.5, 0.2, 0.1), "um")
    np.testing.assert_array_equal(read(tmp_path / "a.h5" / "mask").array, image[0] > 5)
    write(tmp_path / "b.h5", image)
    for part, word in (
        ("", "2 arrays"),
        ("none", "entry/data"),
        ("far", "no array"),
        ("soft", "no array"),
    ):
        with pytest.raises(ImageReadError, match=word) as excinfo:
            read(tmp_path / "a.h5" / part)
        assert_one_line(excinfo)
    write(tmp_path / "c.h5", picture.array, like=picture)
    assert read(tmp_path / "c.h5").spacing == pytest.approx(picture.spacing)


# --- DICOM --------------------------------------------------------------------------------------


def slices(folder, places, **changes):
    """Write one file for each place along z, of a series in HU."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset

    folder.mkdir(exist_ok=True)
    volume = example((len(places), 6, 8), "uint16") % 4096
    for number, z in enumerate(places):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}"
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        facts = {
            "SOPClassUID": pydicom.uid.CTImageStorage, "SOPInstanceUID": f"1.2.3.{number + 1}",
            "SeriesInstanceUID": "1.2.9", "Rows": 6, "Columns": 8, "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11,
            "PixelRepresentation": 0, "PixelSpacing": [0.5, 0.25], "RescaleSlope": 1, "RescaleIntercept": -1024,
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [10, 20, z],
            "InstanceNumber": 99 - number,
        } | changes  # fmt: skip
        for key, value in facts.items():
            setattr(data, key, value)
        data.PixelData = volume[number].tobytes()
        # names in another order than places
        pydicom.dcmwrite(folder / f"{(7 * number) % 11:02}.dcm", data)
    return volume.astype(np.int32) - 1024


def test_a_dicom_series_is_a_volume_in_hounsfield_units(tmp_path):
    hounsfield = slices(tmp_path / "ct", [30.0, 32.0, 34.0, 36.0])
    picture = read(tmp_path / "ct")
    np.testing.assert_array_equal(picture.array, hounsfield)
    assert picture.array.dtype == np.int16
    assert (picture.spacing, picture.unit) == ((2.0, 0.5, 0.25), "mm")
    assert picture.origin == (10.0, 20.0, 30.0)
    assert picture.direction is None
    assert upright(3, 3)[0] == (0.0, 0.0, 1.0)
    image = SimpleITK.ReadImage(
        SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "ct"))
    )
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), picture.array)
    assert image.GetOrigin() == pytest.approx(picture.origin)
    assert image.GetSpacing() == pytest.approx(picture.spacing[::-1])
    assert write(tmp_path / "a.nii.gz", picture.array, like=picture) != []
    again = read(tmp_path / "a.nii.gz")
    assert_same_place(again, dataclasses.replace(picture, channel_axis=None))
    one = read(tmp_path / "ct" / "00.dcm")
    np.testing.assert_array_equal(one.array, hounsfield[0])
    assert one.spacing == (0.5, 0.25)


def test_a_series_is_one_image_of_a_batch(tmp_path):
    hounsfield = slices(tmp_path / "ct", [30.0, 32.0, 34.0, 36.0])
    recipe = loads("divgrad: 1\nsteps: [flow: {equation: heat, until: 'steps:0'}]")
    (done,) = batch(recipe, [tmp_path / "ct"], tmp_path / "out", workers=1)
    assert done.status == "done", done.error
    assert Path(done.output) == tmp_path / "out" / "ct.nii.gz"
    np.testing.assert_array_equal(read(done.output).array, hounsfield)
    (again,) = batch(recipe, [tmp_path / "ct"], tmp_path / "out", workers=1)
    assert again.status == "done before"


@pytest.mark.parametrize(
    ("places", "changes", "word"),
    [
        ([0.0, 2.0, 6.0], {}, "apart"),
        ([0.0, 2.0, 2.0], {}, "one place"),
        ([0.0, 2.0], {"Rows": 60}, "DICOM"),
    ],
)
def test_a_series_with_gaps_is_refused(tmp_path, places, changes, word):
    slices(tmp_path / "ct", places, **changes)
    with pytest.raises(ImageReadError, match=word) as excinfo:
        read(tmp_path / "ct")
    assert_one_line(excinfo)


def test_two_series_in_a_folder_are_refused(tmp_path):
    slices(tmp_path / "ct", [0.0, 2.0])
    slices(tmp_path / "other", [0.0, 2.0], SeriesInstanceUID="1.2.8")
    shutil.copy(tmp_path / "other" / "07.dcm", tmp_path / "ct" / "x.dcm")
    with pytest.raises(ImageReadError, match="2 series"):
        read(tmp_path / "ct")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        ("MR_small_RLE", "MR_small"),
        ("MR_small_jp2klossless", "MR_small"),
        ("MR_small_jpeg_ls_lossless", "MR_small"),
        ("MR_small_bigendian", "MR_small"),
        ("MR_small_implicit", "MR_small"),
        ("rtdose_rle", "rtdose"),
        ("JPEG-lossy", "JPEG2000"),
    ],
)
def test_dicom_packings_agree(packed, plain):
    a, b = (read(CORPUS / "pydicom" / f"{name}.dcm").array for name in (packed, plain))
    tolerance = 150 if "lossy" in packed else 0  # of 12 bits
    assert np.abs(a.astype(int) - b.astype(int)).max() <= tolerance


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [3, 4])
def test_webp_is_written_without_loss(tmp_path, channels):
    from PIL import Image

    source = Picture(
        example((9, 13, channels), "uint8"),
        -1,
        alpha=channels == 4,
        metadata=Metadata(icc=PROFILE, exif=EXIF),
    )
    assert write(tmp_path / "a.webp", source.array, like=source) == []
    picture = read(tmp_path / "a.webp")
    np.testing.assert_array_equal(picture.array, source.array)
    assert (picture.metadata.icc, picture.metadata.exif) == (PROFILE, EXIF)
    assert picture.alpha == (channels == 4)
    with Image.open(tmp_path / "a.webp") as image:
        np.testing.assert_array_equal(np.asarray(image)[..., :3], source.array[..., :3])
        assert image.info["icc_profile"] == PROFILE


@pytest.mark.parametrize(
    ("shape", "dtype"), [((9, 13), "uint8"), ((9, 13), "bool"), ((9, 13, 3), "uint8")]
)
def test_bmp(tmp_path, shape, dtype):
    source = Picture(
        example(shape, dtype), -1 if len(shape) == 3 else None, spacing=(0.25, 0.125), unit="mm",
        calibrated=False, metadata=Metadata(exif=EXIF),
    )  # fmt: skip
    assert write(tmp_path / "a.bmp", source.array, like=source) == [
        "BMP cannot store the EXIF block"
    ]
    picture = read(tmp_path / "a.bmp")
    np.testing.assert_array_equal(picture.array, source.array)
    assert picture.array.dtype == dtype
    assert picture.spacing == pytest.approx(source.spacing, rel=1e-3)


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", sorted(WRITTEN))
def test_what_a_format_cannot_store_is_said(tmp_path, suffix):
    """Whatever of a rich picture is not read back was named when it was written."""
    ndim = 3 if WRITTEN[suffix].planes else 2
    source = Picture(
        example((4, 16, 16, 3)[3 - ndim :], "uint8"), -1, spacing=(0.5, 0.25, 0.25)[3 - ndim :], unit="mm",
        origin=(1.0, 2.0, 3.0)[:ndim], direction=turn() if ndim == 3 else None, names=("a", "b", "c"),
        metadata=Metadata(icc=PROFILE, exif=EXIF),
    )  # fmt: skip
    lost = " ".join(write(tmp_path / f"a{suffix}", source.array, like=source))
    picture = read(tmp_path / f"a{suffix}")
    words = {
        "spacing": "pixel size",
        "origin": "position",
        "direction": "orientation",
        "names": "names",
    }
    for part, word in words.items():
        before, after = getattr(source, part), getattr(picture, part)
        kept = (
            before is None
            or before == after
            or (
                part != "names"
                and after is not None
                and np.allclose(before, after, rtol=1e-2, atol=1e-5)
            )
        )
        assert kept != (word in lost), (part, lost)
    assert (picture.metadata.icc == PROFILE) != ("colour profile" in lost)
    assert (picture.metadata.exif == EXIF) != ("EXIF" in lost)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_an_extra_that_is_not_installed_is_named(form, monkeypatch, tmp_path):
    import importlib

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="h5py")

    path = tmp_path / f"a{form.suffixes[0]}"
    monkeypatch.setattr("divgrad.io.codecs.import_module", missing)
    if form.extra and form.writes:
        with pytest.raises(ImageWriteError, match=r"pip install 'divgrad\[formats\]'"):
            write(path, np.zeros((4, 5), np.uint8))
    assert importlib.util.find_spec(f"divgrad.io.{form.module}")


@pytest.mark.parametrize("suffix", [*VOLUMES[:5], ".webp", ".bmp"])
@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.7, 0.95])
def test_cut_files_are_refused(tmp_path, suffix, fraction):
    path = tmp_path / f"a{suffix}"
    image = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)
    write(path, image, channel_axis=-1)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ImageReadError) as excinfo:
        read(path)
    assert_one_line(excinfo)


def test_the_page_names_every_format_and_suffix():
    page = (Path(__file__).parents[1] / "docs" / "files.md").read_text(encoding="utf-8")
    for form in FORMATS:
        assert form.name in page
        assert form.suffixes[0] in page
