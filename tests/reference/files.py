"""Writes data/files: small files as NumPy and Python's safetensors write them, for tests/io.rs.

    /tmp/jax/bin/python tests/reference/files.py       # the environment of README.md; numpy and safetensors are enough

    /tmp/jax/bin/python tests/reference/files.py damaged   # data/damaged.json: what NumPy says of damaged files

`files.py check FOLDER` reads what kiln wrote there (see tests/io.rs) and compares.
"""

import io
import json
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

assert np.__version__ == "2.4.6" and safetensors.__version__ == "0.8.0", "install the versions named above"

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
FOLDER = Path(__file__).parent / "data" / "files"


def sample(dtype):
    """The same numbers as `sample` in tests/io.rs: shape (2, 3), with the ends of the dtype's range."""
    if dtype == "bool":
        numbers = [1, 0, 0, 1, 1, 0]
    elif dtype.startswith("float"):
        numbers = [0.1, -0.0, np.inf, -np.inf, np.finfo(dtype).max, np.finfo(dtype).tiny]
    else:
        ends = np.iinfo(dtype)
        numbers = [0, 1, 2, 3, ends.min, ends.max]
    return np.array(numbers, dtype=dtype).reshape(2, 3)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    arrays = {dtype: sample(dtype) for dtype in DTYPES}
    arrays |= {"scalar": np.array(2.5), "empty": np.zeros((0, 3), "float32")}
    save_npz("all.npz", np.savez, arrays)
    save_npz("compressed.npz", np.savez_compressed, arrays)
    save_file(arrays, FOLDER / "all.safetensors")
    for dtype in ("int16", "float64"):
        np.save(FOLDER / f"big_{dtype}.npy", sample(dtype).astype(np.dtype(dtype).newbyteorder(">")))
    cube = np.arange(24, dtype="int32").reshape(2, 3, 4)
    np.save(FOLDER / "columns.npy", np.asfortranarray(cube))
    np.save(FOLDER / "big_columns.npy", np.asfortranarray(cube.astype(">i4")))
    np.save(FOLDER / "plain.npy", sample("uint16"))
    np.save(FOLDER / "plain_scalar.npy", np.array(2.5))
    with open(FOLDER / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, cube, version=(2, 0))
    with open(FOLDER / "version3.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(5, dtype="int8"), version=(3, 0))
    header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 1L), }\n".encode()
    (FOLDER / "python2.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(range(8)))
    refused = {
        "float16": np.zeros(2, "float16"),
        "complex128": np.zeros(2, "complex128"),
        "strings": np.array(["a", "bc"]),
        "objects": np.array([None, 1], dtype=object),
        "records": np.zeros(2, [("a", "<i4"), ("b", "<f8", (2,))]),
        "datetimes": np.zeros(2, "datetime64[s]"),
    }
    for name, array in refused.items():
        np.save(FOLDER / f"refused_{name}.npy", array, allow_pickle=True)
    save_file({"x": np.zeros(2, "float16")}, FOLDER / "refused_float16.safetensors")


def save_npz(name, save, arrays, file=None):
    """Without the time of day."""

    class Now(zipfile.ZipInfo):
        def __init__(self, filename="NoName", date_time=(1980, 1, 1, 0, 0, 0)):
            super().__init__(filename, (1980, 1, 1, 0, 0, 0))

    before, zipfile.ZipInfo = zipfile.ZipInfo, Now
    file = file or io.BytesIO()
    save(file, **arrays)
    zipfile.ZipInfo = before
    (FOLDER / name).write_bytes(file.getvalue())


class Unseekable(io.RawIOBase):
    """A stream to which zipfile writes checksums after the data."""

    def __init__(self):
        self.bytes = b""

    def writable(self):
        return True

    def write(self, data):
        self.bytes += bytes(data)
        return len(data)

    def getvalue(self):
        return self.bytes


def damages(file):
    """Files with one byte changed, and files cut off, in the order of `damages` in tests/damaged.rs."""
    for at, byte in enumerate(file):
        for new in {**dict.fromkeys(byte ^ 1 << bit for bit in range(8)), **dict.fromkeys([0, 255, (byte + 1) % 256, (byte - 1) % 256])}:
            if new != byte:
                yield file[:at] + bytes([new]) + file[at + 1 :]
    for end in range(len(file)):
        yield file[:end]


def pieces(file):
    """Spans of a file that make another one: bytes left out, repeated and swapped, and for archives their entries."""
    n = len(file)
    for width in (1, 2, 4, 16):
        for at in range(0, n - width, width):
            yield [(0, at), (at + width, n)]
            yield [(0, at + width), (at, n)]
            yield [(0, at), (at + width, min(at + 2 * width, n)), (at, at + width), (at + 2 * width, n)]
    if not file.startswith(b"PK"):
        return
    found = lambda magic: [at for at in range(n) if file[at : at + 4] == magic]
    headers, entries = found(b"PK\x03\x04"), found(b"PK\x01\x02")
    for [a, b, c] in (headers + entries[:1], entries + found(b"PK\x05\x06")):
        yield [(0, b), (a, n)]
        yield [(0, c), (b, n)]
        yield [(0, a), (b, c), (a, b), (c, n)]
        yield [(0, a), (b, n)]
        yield [(0, b), (c, n)]
        yield [(0, a), (a, b), (a, b), (c, n)]
    yield [(0, n), (0, n)]


def joined(file):
    for spans in pieces(file):
        yield b"".join(file[a:b] for a, b in spans)


def content(file):
    """A checksum of what NumPy reads, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = np.load(io.BytesIO(file), allow_pickle=False)
            arrays = {"": read} if isinstance(read, np.ndarray) else {name: read[name] for name in sorted(read.files)}
        checksum = 0
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):
                return f"{name} is no array"
            array = np.ascontiguousarray(array).reshape(array.shape).astype(array.dtype.newbyteorder("<"))
            checksum = zlib.crc32(f"{name} {array.dtype.name} {list(array.shape)} ".encode() + array.tobytes(), checksum)
        return f"{checksum:08x}"
    except Exception:
        return None


def damaged():
    """What NumPy reads of each damaged file: `.` nothing, `=` what was there before, `x` something else, whose checksum is in `others`."""
    arrays = {"a": np.arange(3, dtype="int32"), "b": np.ones(2, "float32")}
    save_npz("small.npz", np.savez, arrays)
    save_npz("stream.npz", np.savez, arrays, Unseekable())
    save_npz("small_compressed.npz", np.savez_compressed, {"a": np.arange(40) // 7, "b": np.ones(2, "float32")})
    rows = []
    for name in ("plain.npy", "columns.npy", "version2.npy", "version3.npy", "python2.npy", "small.npz", "small_compressed.npz", "stream.npz"):
        file = (FOLDER / name).read_bytes()
        before = content(file)
        others = []

        def verdict(file):
            found = content(file)
            if found is None or found == before:
                return "." if found is None else "="
            others.append(found)
            return "x"

        row = {"file": name, "content": before, "damages": "".join(map(verdict, damages(file)))}
        rows.append(row | {"pieces": "".join(map(verdict, joined(file))), "others": " ".join(others)})
    versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (FOLDER.parent / "damaged.json").write_text(f'{{"versions": {json.dumps(versions)}, "rows": [\n{text}\n]}}\n')


def check(folder):
    wanted = {dtype: sample(dtype) for dtype in DTYPES}
    found = [np.load(folder / "all.npz"), load_file(folder / "all.safetensors")]
    found.append({dtype: np.load(folder / f"{dtype}.npy") for dtype in DTYPES})
    for arrays in found:
        for name, array in wanted.items():
            assert arrays[name].dtype == array.dtype and arrays[name].tobytes() == array.tobytes(), name
    with safetensors.safe_open(folder / "function.kiln", framework="np") as file:
        assert "kiln.function" in file.metadata() and list(file.keys()) == ["captured.0"]
    print("NumPy and safetensors read what kiln wrote")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(Path(sys.argv[2]))
    elif sys.argv[1:] == ["damaged"]:
        damaged()
    else:
        main()
