#!/usr/bin/env bash
# The tests of what can differ on a device, on the one that KILN_DEVICE names: `KILN_DEVICE=wgpu bash tests/on_device.sh wgpu,ndarray` with the
# features of the build. Dtypes, messages, transformations and files are the same on every device.
set -euo pipefail
cd "$(dirname "$0")/.."

# The packages that have devices: others would have Burn built with more features.
build=(--profile devices -p kiln-tests -p kiln-core -p kiln-backends -p kiln-burn --features "$1")

cargo test "${build[@]}" --test suite -- devices:: placement:: indexing:: numpy:: random:: derivatives:: vmap:: programs:: lecture::
cargo test "${build[@]}" --test core -- control_flow:: debug::
