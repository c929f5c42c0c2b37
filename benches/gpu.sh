#!/usr/bin/env bash
# The lecture's table on an NVIDIA GPU, against JAX on the same one: see gpu.md.
set -euo pipefail
cd "$(dirname "$0")/.."

nvidia-smi --query-gpu=name,driver_version --format=csv
environment=target/gpu/python
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet "jax[cuda12]==0.10.2" "numpy==2.4.6"

KILN_DEVICE=cuda:0 bash tests/on_device.sh cuda
cargo build --workspace --release --examples --features cuda
"$environment/bin/python" benches/beside_jax/lecture.py --device cuda:0 --dtype f32 "$@"
