#!/usr/bin/env bash
# The conformance suite on the device that KILN_DEVICE names: `KILN_DEVICE=wgpu bash tests/on_device.sh wgpu,ndarray` with the features of the build.
set -euo pipefail
cd "$(dirname "$0")/.."

# The packages that have devices: others would have Burn built with more features.
build=(--profile devices -p kiln -p kiln-core -p kiln-backends -p kiln-burn --features "$1")

cargo test "${build[@]}" \
    --test devices --test placement --test indexing --test promotion --test numpy --test random --test derivatives --test vmap \
    --test grad --test control_flow --test programs --test lecture --test debug --test errors --test export
cargo build "${build[@]}" --examples
for example in lecture gradient_descent newton opt_savings; do
    echo "$example on $KILN_DEVICE"
    "target/devices/examples/$example" > /dev/null
done
target/devices/examples/kesten 100000 > /dev/null
target/devices/examples/neural_network --steps 50 > /dev/null
target/devices/option-pricing --paths 1e5 > /dev/null
