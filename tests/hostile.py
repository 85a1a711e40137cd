"""Files that ask for far more than they hold, written a few bytes at a time."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from pathlib import Path

import numpy as np

TIB = 2**40
ZEROS = 2**30  # what a bomb unpacks to


def deflated(count, bits=15):
    """Return `count` zeros deflated: one packed megabyte, which after a flush may be repeated as often as one likes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = {15: b"\x78\xda", 31: b"\x1f\x8b\x08" + bytes(6) + b"\xff", -15: b""}[bits]
    return head + piece * (count // 2**20) + packer.flush()


def tiff(rows, cols, data, **tags):
    """Return a classic TIFF of one strip or tile of 8 bits; `tags` by number as ``t322=...``."""
    entries = {
        256: cols,
        257: rows,
        258: 8,
        259: 1,
        262: 1,
        273: 8,
        277: 1,
        278: rows,
        279: len(data),
    }
    entries |= {int(name[1:]): value for name, value in tags.items()}
    if 324 in entries:
        for code in (273, 278, 279):
            del entries[code]
    data += b"\0" * (len(data) % 2)
    table = b"".join(
        struct.pack("<HHII", code, 4, 1, value) for code, value in sorted(entries.items())
    )
    return (
        struct.pack("<2sHI", b"II", 42, 8 + len(data))
        + data
        + struct.pack("<H", len(entries))
        + table
        + bytes(4)
    )


def nifti_header(extents, offset=352.0):
    """Return a NIfTI-1 header of float32."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, len(extents), *extents, *[1] * (7 - len(extents)))
    struct.pack_into("<hh", head, 70, 16, 32)
    struct.pack_into("<8f", head, 76, *[1.0] * 8)
    struct.pack_into("<f", head, 108, offset)
    head[344:348] = b"n+1\0"
    return bytes(head)


def png_chunk(kind, body):
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows, cols, packed, *extra):
    """Return an 8-bit grey PNG."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", cols, rows, 8, 0, 0, 0, 0))
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", head, *extra, png_chunk(b"IDAT", packed), png_chunk(b"IEND", b"")]
    )


def zarr(folder, shape, chunks, codec=None, data=b"", version=3):
    """Fill a folder with a Zarr array of uint8 whose first chunk is `data`."""
    folder.mkdir()
    if version == 2:
        said = {
            "zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": "|u1", "compressor": codec, "fill_value": 0,
            "order": "C", "filters": None,
        }  # fmt: skip
        (folder / ".zarray").write_text(json.dumps(said))
        place = folder / ".".join("0" * len(shape))
    else:
        codecs = [{"name": "bytes"}, *([codec] if codec else [])]
        said = {
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint8", "fill_value": 0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
            "chunk_key_encoding": {"name": "default"}, "codecs": codecs, "attributes": {},
        }  # fmt: skip
        (folder / "zarr.json").write_text(json.dumps(said))
        place = folder / "c" / "/".join("0" * len(shape))
    if data:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def dicom(elements=b"", syntax=b"1.2.840.10008.1.2.1\0", rest=b""):
    """Return a DICOM file with a meta group; `elements` follow, explicit and little-endian."""
    uid = struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    return (
        bytes(128)
        + b"DICM"
        + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(uid))
        + uid
        + elements
        + rest
    )


def element(group, number, kind, value):
    """Return one short DICOM element."""
    return struct.pack("<HH2sH", group, number, kind, len(value)) + value


def image_elements(rows, cols, frames=1):
    """Return what a DICOM image must say of itself."""
    short = struct.Struct("<H").pack
    number = str(frames).encode()
    number += b" " * (len(number) % 2)
    return b"".join(
        element(0x28, n, kind, value)
        for n, kind, value in (
            (2, b"US", short(1)), (4, b"CS", b"MONOCHROME2 "), (8, b"IS", number), (0x10, b"US", short(rows)),
            (0x11, b"US", short(cols)), (0x100, b"US", short(16)), (0x101, b"US", short(16)),
            (0x102, b"US", short(15)), (0x103, b"US", short(0)),
        )
    )  # fmt: skip


def hdf5(path, shape, chunks, packed=None):
    """Write an HDF5 array, nothing of it stored but, where given, one packed chunk."""
    import h5py

    with h5py.File(path, "w") as opened:
        options = {} if packed is None else {"compression": "gzip"}
        array = opened.create_dataset("image", shape, "u1", chunks=chunks, **options)
        if packed is not None:
            array.id.write_direct_chunk((0,) * len(shape), packed)


def jpeg(rows, cols):
    """Return the beginning of a JPEG of that size, and nothing of its pixels."""
    frame = struct.pack(">BHHB", 8, rows, cols, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def laughs():
    """Return an OME description whose entities unfold to gigabytes."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return f'<?xml version="1.0"?><!DOCTYPE OME [{"".join(lines)}]><OME><Image Name="&a11;"/></OME>'


def bombs(folder: Path) -> dict[str, Path]:
    """Write every bomb below a folder; return name -> path."""
    made = {}

    def put(name, data):
        made[name] = folder / name
        made[name].write_bytes(data)

    big = deflated(ZEROS)
    put("terabytes.tif", tiff(2**20, 2**20 * 7 // 2, b"\0" * 64))
    put("strip.tif", tiff(64, 64, big, t259=8))
    put("tile.tif", tiff(64, 64, big, t259=8, t322=2**15, t323=2**15, t324=8, t325=len(big)))
    put("jpeg.tif", tiff(64, 64, jpeg(65500, 65500), t259=7))
    import imagecodecs
    import tifffile

    lerc = bytearray(imagecodecs.lerc_encode(np.zeros((64, 64), np.uint8)))
    struct.pack_into("<ii", lerc, 14, 2**15, 2**15)
    put("lerc.tif", tiff(64, 64, bytes(lerc), t259=34887))
    put("jpegxl.tif", tiff(64, 64, imagecodecs.jpegxl_encode(np.zeros((9, 9), "u1")), t259=50002))
    siz = b"\xff\x4f\xff\x51\0\x29\0\0" + struct.pack(">II", 2**15, 2**15) + bytes(26)
    decoy = b"\xff\x4f\xff\x51\0\x29\0\0" + struct.pack(">II", 64, 64) + bytes(26)
    boxes = ((b"jP  ", b"\r\n\x87\n"), (b"uuid", decoy), (b"jp2c", siz))
    jp2 = b"".join(struct.pack(">I", len(body) + 8) + kind + body for kind, body in boxes)
    put("decoy.tif", tiff(64, 64, jp2, t259=34712))

    made["laughs.tif"] = folder / "laughs.tif"
    tifffile.imwrite(
        folder / "laughs.tif", np.zeros((8, 8), "u1"), description=laughs().encode(), metadata=None
    )
    put("terabytes.png", png(10**6, 10**6, b""))
    put("pixels.png", png(64, 64, big))
    put("profile.png", png(2, 2, zlib.compress(bytes(6)), png_chunk(b"iCCP", b"a\0\0" + big)))
    put("side.jpg", jpeg(65500, 65500))
    put(
        "canvas.webp",
        b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0"
        + bytes(4)
        + b"\xff\xff\xff" * 2
        + b"VP8L\x05\0\0\0\x2f\xff\xff\xff\x0f\0",
    )
    put(
        "side.bmp",
        b"BM"
        + bytes(8)
        + struct.pack("<IIiiHHIIIIII", 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    header = str({"descr": "<f8", "fortran_order": False, "shape": (2**20, 2**20)}).encode()
    put("terabytes.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
    put("terabytes.nii", nifti_header((32767, 32767, 900)))
    put("terabytes.nii.gz", gzip.compress(nifti_header((32767, 32767, 900))))
    put("stream.nii.gz", gzip.compress(nifti_header((16, 16, 16))) + deflated(ZEROS, 31))
    put("offset.nii.gz", gzip.compress(nifti_header((16, 16, 16), 1e12)))
    put(
        "terabytes.nrrd",
        b"NRRD0004\ntype: float\ndimension: 2\nsizes: 1000000 1000000\nencoding: raw\n\n",
    )
    put(
        "stream.nrrd",
        b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 64 64\nencoding: gzip\n\n"
        + deflated(ZEROS, 31),
    )
    put(
        "elsewhere.nrrd",
        b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 8 8\nencoding: raw\ndata file: /etc/passwd\n\n",
    )
    mha = b"ObjectType = Image\nNDims = 2\nDimSize = %d %d\nElementType = MET_UCHAR\n"
    mha += b"CompressedData = True\nElementDataFile = %s\n"
    put("terabytes.mha", mha % (2**20, 2**20, b"LOCAL"))
    put("stream.mha", mha % (64, 64, b"LOCAL") + big)
    put("elsewhere.mha", mha % (8, 8, b"/etc/passwd"))
    put("length.dcm", dicom(struct.pack("<HH2sHI", 0x10, 0x10, b"OB", 0, 0xFFFFFFF0)))
    put(
        "frames.dcm",
        dicom(
            image_elements(65535, 65535, 99999)
            + struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 4)
            + bytes(4)
        ),
    )
    put("deflated.dcm", dicom(syntax=b"1.2.840.10008.1.2.1.99", rest=deflated(ZEROS, -15)))
    nested = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    put("nested.dcm", dicom(nested * 50_000))
    hdf5(folder / "terabytes.h5", (2**20, 2**20), (64, 64))
    hdf5(folder / "chunk.h5", (64, 2**16), (64, 2**16), big)
    import h5py

    with h5py.File(folder / "pieces.h5", "w") as opened:
        opened.create_dataset("image", (8, 8), "u1", chunks=(2**15, 2**16), maxshape=(None, None))
    made |= {name: folder / name for name in ("terabytes.h5", "chunk.h5", "pieces.h5")}
    import numcodecs

    gz = {"name": "gzip", "configuration": {"level": 5}}
    for name, args in {
        "terabytes.zarr": ([2**20, 2**20], [64, 64]),
        "pieces.zarr": ([8, 8], [2**15, 2**16]),
        "gzip.zarr": ([64, 64], [64, 64], gz, deflated(ZEROS, 31)),
        "zstd.zarr": ([64, 64], [64, 64], {"name": "zstd", "configuration": {"level": 0, "checksum": False}},
                      bytes(numcodecs.Zstd().encode(bytes(2**28)))),
        "blosc2.zarr": ([64, 64], [64, 64], numcodecs.Blosc().get_config(),
                        bytes(numcodecs.Blosc().encode(bytes(2**28))), 2),
        "zlib2.zarr": ([64, 64], [64, 64], {"id": "zlib", "level": 1}, big, 2),
        "pickle2.zarr": ([64, 64], [64, 64], {"id": "pickle"}, b"cos\nsystem\n(S'true'\ntR.", 2),
    }.items():  # fmt: skip
        made[name] = folder / name
        zarr(folder / name, *args)
    return made
