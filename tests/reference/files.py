"""Writes data/files: small files as NumPy and Python's safetensors write them, for tests/io.rs.

    /tmp/jax/bin/python tests/reference/files.py       # the environment of README.md; numpy and safetensors are enough

`files.py check FOLDER` reads what kiln wrote there (see tests/io.rs) and compares.
"""

import io
import sys
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


def save_npz(name, save, arrays):
    """Without the time of day."""
    import zipfile

    class Now(zipfile.ZipInfo):
        def __init__(self, filename="NoName", date_time=(1980, 1, 1, 0, 0, 0)):
            super().__init__(filename, (1980, 1, 1, 0, 0, 0))

    before, zipfile.ZipInfo = zipfile.ZipInfo, Now
    file = io.BytesIO()
    save(file, **arrays)
    zipfile.ZipInfo = before
    (FOLDER / name).write_bytes(file.getvalue())


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
    else:
        main()
