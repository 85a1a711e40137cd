"""Users' arrays in and out: every dtype, order, axis and spacing; what cannot be treated is refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from divgrad import Grid, Heat, PeronaMalik, Steps, Tiling, Time, evolve, march
from divgrad.dtypes import to_dtype
from divgrad.errors import ImageError, ParameterError
from divgrad.layout import enter

SMALL = ["bool", "uint8", "int8", "uint16", "int16", "float16", "float32"]
LARGE = ["uint32", "int32", "uint64", "int64", "float64"]
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


def example(shape, dtype, seed=0):
    """An image of a dtype, with both ends of its range if that is an integer's."""
    dtype = np.dtype(dtype)
    noise = np.random.default_rng(seed).random(shape)
    if dtype.kind in "bf":
        return (noise > 0.5 if dtype.kind == "b" else 100.0 * noise).astype(dtype)
    info = np.iinfo(dtype)
    image = (noise * 1000).astype(dtype)
    image.flat[:2] = info.min, info.max
    return image


def one_line(error):
    message = str(error.value)
    assert 0 < len(message) <= 200
    assert message.splitlines() == [message]
    return message


# --- dtypes and orders ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", SMALL + LARGE)
def test_every_real_dtype(dtype):
    image = example((5, 6), dtype)
    u, grid, layout = enter(image)
    assert u.shape == (1, 5, 6)
    assert u.dtype == (np.float32 if dtype in SMALL else np.float64)
    np.testing.assert_array_equal(u[0], image.astype(np.float64))  # cast, never rescaled
    assert grid == Grid((1.0, 1.0))
    assert layout.dtype == image.dtype
    back = layout.leave(u, "same")
    assert back.dtype == image.dtype
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("dtype", [">u2", ">i4", ">f4", ">f8", "<u2", "=f4"])
def test_any_byte_order(dtype):
    image = example((5, 6), "float32").astype(dtype)
    got = evolve(image, Heat(), until=Steps(2)).u
    wanted = evolve(image.astype(image.dtype.newbyteorder("=")), Heat(), until=Steps(2)).u
    assert got.dtype.isnative
    np.testing.assert_array_equal(got, wanted)


def cut(image):
    wide = np.zeros((2 * image.shape[0], 3 * image.shape[1]), image.dtype)
    wide[::2, ::3] = image
    return wide[::2, ::3]


def backwards(image):
    return image[::-1, ::-1].copy()[::-1, ::-1]


def turned(image):
    return image.T.copy().T


def locked(image):
    image = image.copy()
    image.flags.writeable = False
    return image


def unaligned(image):
    data = np.zeros(image.nbytes + 1, np.uint8)
    data[1:] = image.view(np.uint8).ravel()
    return data[1:].view(image.dtype).reshape(image.shape)


def repeated(image):
    return np.broadcast_to(image[:1], image.shape)


@pytest.mark.parametrize(
    "arranged", [cut, backwards, turned, np.asfortranarray, locked, unaligned, repeated]
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_any_order_in_memory(arranged, dtype):
    image = example((6, 7), dtype)
    image[:] = image[:1] if arranged is repeated else image
    given = arranged(image)
    before = given.tobytes()
    u, _, _ = enter(given)
    assert u.flags.c_contiguous
    assert u.flags.writeable  # else the kernels would be compiled once more
    assert u.flags.aligned
    got = evolve(given, PeronaMalik(20.0), until=Steps(3)).u
    np.testing.assert_array_equal(got, evolve(image, PeronaMalik(20.0), until=Steps(3)).u)
    assert given.tobytes() == before


def test_what_is_no_array():
    image = example((3, 4), "float64")
    special = image.view(type("Special", (np.ndarray,), {}))
    for what in (image.tolist(), special, np.ma.masked_array(image), memoryview(image)):
        u, _, _ = enter(what)
        assert type(u) is np.ndarray
        np.testing.assert_array_equal(u[0], image)
    assert enter([1, 2, 4])[0].tolist() == [[1.0, 2.0, 4.0]]


def test_no_copy_where_it_fits_and_never_written_to():
    image = example((6, 7), "float32")
    assert np.shares_memory(enter(image)[0], image)
    before = image.copy()
    for until in (Steps(0), Time(0), Steps(1), Steps(5)):
        solution = evolve(image, Heat(), until=until)
        assert not np.shares_memory(solution.u, image)
        for frame in march(image, Heat(), until=until):
            assert not np.shares_memory(frame.u, image)
    np.testing.assert_array_equal(image, before)


def test_integers_are_not_rescaled():
    """A 12-bit image stays 0 to 4095."""
    image = np.array([[0, 4095], [4095, 0]], np.uint16)
    u = evolve(image, Heat(), until=Time(50.0)).u
    assert u.dtype == np.float32
    np.testing.assert_allclose(u, 2047.5, rtol=1e-5)
    large = np.array([2**53 - 1, -(2**53)])
    assert enter(large)[0][0].tolist() == large.tolist()


# --- what is refused --------------------------------------------------------------------------

NOTHING = np.zeros((0, 5))
REFUSED = {
    "0-d": (5.0, "1 to 3 spatial axes"),
    "empty": (NOTHING, "empty"),
    "empty list": ([], "empty"),
    "4-D": (np.zeros((2, 2, 2, 2)), "1 to 3 spatial axes"),
    "text": (np.array(["a", "b"]), "real numbers"),
    "one text": ("image.png", "1 to 3 spatial axes"),
    "objects": (np.array([{}, 1], object), "real numbers"),
    "dates": (np.zeros(3, "M8[s]"), "real numbers"),
    "records": (np.zeros(3, "f4,f4"), "real numbers"),
    "bytes": (np.zeros(3, "S3"), "real numbers"),
    "ragged": ([[1.0, 2.0], [3.0]], "not an image"),
    "masked": (np.ma.masked_equal([1.0, 2.0], 2.0), "masked"),
    "None": (None, "1 to 3 spatial axes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    image, words = REFUSED[name]
    with pytest.raises(ImageError, match=words) as error:
        evolve(image, Heat(), until=Steps(1))
    one_line(error)
    with pytest.raises(ImageError, match=words):
        next(march(image, Heat(), until=Steps(1)))


@pytest.mark.parametrize(
    ("shape", "axis"), [((4,), 0), ((2, 2, 2, 2, 2), 0), ((2, 2, 2, 2, 2), None)]
)
def test_refused_with_channels(shape, axis):
    with pytest.raises(ImageError, match="1 to 3 spatial axes"):
        enter(np.zeros(shape), channel_axis=axis)


@pytest.mark.skipif(np.dtype("longdouble").itemsize == 8, reason="long double is double here")
def test_more_than_double_is_refused():
    with pytest.raises(ImageError, match="real numbers"):
        enter(np.zeros(3, "longdouble"))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
@pytest.mark.parametrize("shape", [(5, 6), (800, 801)])  # the second is looked through in blocks
def test_nan_and_infinity_are_refused(bad, dtype, shape):
    image = np.ones(shape, dtype)
    image[2, 3] = image[-1, -1] = bad
    with pytest.raises(ImageError, match="2 pixels that are NaN or infinite") as error:
        evolve(image, Heat(), until=Steps(1))
    one_line(error)


# --- channels ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (5, 6), (3, 4, 5)])
def test_the_channel_axis_may_stand_anywhere(shape):
    image = example((2, *shape), "float32")
    wanted = evolve(image, PeronaMalik(20.0), until=Steps(2), channel_axis=0).u
    assert not np.array_equal(wanted[0], evolve(image[0], PeronaMalik(20.0), until=Steps(2)).u)
    for axis in range(-len(shape) - 1, len(shape) + 1):
        given = np.moveaxis(image, 0, axis)
        for axis_type in (int, np.int64):
            solution = evolve(
                given, PeronaMalik(20.0), until=Steps(2), channel_axis=axis_type(axis)
            )
            np.testing.assert_array_equal(solution.u, np.moveaxis(wanted, 0, axis))


@pytest.mark.parametrize("axis", [3, -4, 1.0, 0.5, "0", (0,), [1]], ids=repr)
def test_no_channel_axis(axis):
    with pytest.raises(ParameterError, match="is not an axis") as error:
        enter(np.zeros((2, 3, 4)), channel_axis=axis)
    one_line(error)


def test_channels_leave_in_their_dtype():
    image = example((5, 6, 3), "uint8")
    u, _, layout = enter(image, channel_axis=-1)
    assert u.shape == (3, 5, 6)
    assert layout.leave(u).dtype == np.float32
    np.testing.assert_array_equal(layout.leave(u, "same"), image)
    np.testing.assert_array_equal(layout.leave(u + 300.0, "int16"), image.astype(np.int16) + 300)


# --- back to integers -------------------------------------------------------------------------


@pytest.mark.parametrize("real", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_cast_rounds_and_clips(dtype, real):
    info = np.iinfo(dtype)
    values = np.array([-0.4, 0.5, 1.5, 2.5, 99.6], real)
    assert to_dtype(values, dtype).tolist() == [0, 0, 2, 2, 100]  # half to even
    largest = float(np.finfo(real).max)
    clipped = to_dtype(np.array([largest, -largest], real), dtype)
    assert clipped.dtype == np.dtype(dtype)
    if largest > info.max:
        assert clipped.tolist() == [info.max, info.min]
    else:
        assert clipped.tolist() == [largest, 0 if info.min == 0 else -largest]


@pytest.mark.parametrize("real", ["float32", "float64"])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_cast_at_the_limits(dtype, real):
    """Limits of 32 and 64 bits are no floats: what is rounded up to them must not wrap."""
    info = np.iinfo(dtype)
    for limit in (info.min, info.max):
        near = np.array([limit], real)
        around = np.concatenate([np.nextafter(near, real_type(real, -np.inf)), near,
                                 np.nextafter(near, real_type(real, np.inf))])  # fmt: skip
        wanted = [min(max(round(float(value)), info.min), info.max) for value in around]
        assert to_dtype(around, dtype).tolist() == wanted


def real_type(real, value):
    return np.dtype(real).type(value)


@given(
    array=hnp.arrays("float64", 8, elements=st.floats(-1e20, 1e20)),
    dtype=st.sampled_from(INTEGERS),
)
def test_cast_never_wraps(array, dtype):
    info = np.iinfo(dtype)
    wanted = [min(max(round(value), info.min), info.max) for value in array.tolist()]
    assert to_dtype(array, dtype).tolist() == wanted


def test_cast_to_bool_and_float():
    assert to_dtype(np.array([0.0, 0.49, 0.5, 7.0]), "bool").tolist() == [False, False, True, True]
    assert to_dtype(np.array([1e5]), "float16").tolist() == [np.inf]  # float16's own answer
    values = np.array([1.25], np.float32)
    assert to_dtype(values, "float32") is values


# --- spacing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spacing", [2, 2.0, np.float32(2), np.array(2.0), (2, 2), [2.0, 2.0], np.full(2, 2.0)]
)
def test_spacing_of_one_or_of_each(spacing):
    assert enter(np.zeros((3, 4)), spacing=spacing)[1].spacing == (2.0, 2.0)


def test_spacing_is_of_the_spatial_axes():
    image = example((2, 3, 4, 5), "float32")
    assert enter(image, channel_axis=1, spacing=(3.0, 2.0, 1.0))[1].spacing == (3.0, 2.0, 1.0)


@pytest.mark.parametrize(
    "spacing",
    [
        (1.0,), (1.0, 1.0, 1.0), (1.0, 0.0), (1.0, -2.0), -1.0, 0, np.nan, (1.0, np.inf), "a",
        (None, 1.0), [[1.0, 1.0]], {"row": 1.0}, ((1.0,), 1.0), [],
    ],
    ids=repr,
)  # fmt: skip
def test_no_spacing(spacing):
    with pytest.raises(ParameterError, match="spacing needs") as error:
        enter(np.zeros((3, 4)), spacing=spacing)
    one_line(error)


def test_spacing_is_divided_by_twice():
    """Twice the distance is four times the time: 1 / h^2, not 1 / h."""
    image = example((6, 7), "float64")
    near = evolve(image, Heat(), until=Time(1.0)).u
    far = evolve(image, Heat(), until=Time(4.0), spacing=2.0).u
    np.testing.assert_allclose(far, near, rtol=1e-13)
    rows = evolve(image, Heat(), until=Time(0.5), spacing=(1.0, 1e6)).u  # cols as good as cut apart
    alone = np.stack([evolve(line, Heat(), until=Time(0.5)).u for line in image.T], axis=1)
    np.testing.assert_allclose(rows, alone, rtol=1e-2)


@pytest.mark.parametrize("tiling", [3, (1, 1, 1), "whole", Tiling])
def test_no_tiling(tiling):
    with pytest.raises(ParameterError, match="tiling must be a Tiling") as error:
        enter(np.zeros((3, 4)), tiling=tiling)
    one_line(error)
