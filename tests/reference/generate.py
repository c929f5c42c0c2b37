"""Writes the reference data of tests/reference/data from the pinned JAX, on a CPU.

    python -m venv /tmp/jax && /tmp/jax/bin/pip install -r tests/reference/requirements.txt
    /tmp/jax/bin/python tests/reference/generate.py

Tables can be named to write only those: `generate.py numpy random`. All of them take about ten minutes and 2 GB of memory. The result
is the same on every run.
"""

import json
import os
import pathlib
import subprocess
import sys

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jaxlib
import numpy

import derivatives_table
import encode
import index_table
import lecture_table
import numpy_rows
import numpy_table
import programs_table
import promotion_table
import random_table
import running_table
import tails_table


def numpy_files():
    yield "numpy.json", numpy_table.generate(numpy_rows.PARTS)


def index_files():
    yield from index_table.generate().items()


def promotion_files():
    yield "promotion.json", promotion_table.generate()


def random_files():
    yield "random.json", random_table.generate()


def running_files():
    yield "running.json", running_table.generate()


def lecture_files():
    yield "lecture.json", lecture_table.generate()


def derivatives_files():
    yield "derivatives.json", derivatives_table.generate()


def tails_files():
    yield "tails.json", tails_table.generate()


def programs_files():
    yield "programs.json", programs_table.generate()


TABLES = {"numpy": numpy_files, "index": index_files, "promotion": promotion_files, "random": random_files, "running": running_files, "lecture": lecture_files, "derivatives": derivatives_files, "tails": tails_files, "programs": programs_files}


def validate():
    """Reads the files back: every array must decode, and a sample of rows must come out of JAX again from what was written."""
    for path in sorted(encode.DATA.glob("*.json")):
        lists = {name: rows for name, rows in json.loads(path.read_text()).items() if name != "versions"}
        for rows in lists.values():
            for row in rows:
                for item in row.get("inputs", []) + row.get("outputs", []):
                    encode.decode(item)
    numpy_rows_read = json.loads((encode.DATA / "numpy.json").read_text())["rows"]
    index_rows_read = json.loads((encode.DATA / "indexing.json").read_text())["rows"]
    checked = 0
    for row in numpy_rows_read[::40]:
        if any(item and item.get("weak") for item in row["inputs"]):
            continue
        with jax.enable_x64(row["x64"]):
            inputs = [encode.to_jax(encode.decode(item)) for item in row["inputs"]]
            outputs = encode.operands(numpy_table.call(row["fn"], inputs, row["args"]))
        assert json.loads(encode.dumps(outputs)) == row["outputs"], row
        checked += 1
    for row in index_rows_read[::5]:
        with jax.enable_x64(row["x64"]):
            output = encode.to_jax(encode.decode(row["inputs"][0]))[tuple(index_table.part(item) for item in row["index"])]
        assert [json.loads(encode.dumps(encode.array(output)))] == row["outputs"], row
        checked += 1
    total = sum(path.stat().st_size for path in encode.DATA.iterdir())
    print(f"read back and computed again: {checked} rows; {total:,} bytes of data")
    assert total < 5_000_000


def main():
    found = {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "numpy": numpy.__version__}
    if found != encode.VERSIONS:
        sys.exit(f"these tables come from {encode.VERSIONS}, and this is {found}: pip install -r requirements.txt")
    unknown = set(sys.argv[1:]) - TABLES.keys() - {"display"}
    if unknown:
        sys.exit(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}, display")
    jax.config.update("jax_enable_x64", False)
    jax.config.update("jax_threefry_partitionable", True)
    encode.DATA.mkdir(exist_ok=True)
    for name in sys.argv[1:] or [*TABLES, "display"]:
        if name == "display":
            subprocess.run([sys.executable, pathlib.Path(__file__).with_name("display.py")], check=True)
            continue
        for file, lists in TABLES[name]():
            encode.write(file, **lists)
        jax.clear_caches()
    validate()


main()
