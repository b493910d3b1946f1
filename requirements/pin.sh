#!/usr/bin/env bash
# Pins every dependency with its hashes, for all supported Pythons and systems; no index address is written.
set -euo pipefail
cd "$(dirname "$0")/.."
pin() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-header --no-annotate "$@"; }
printf 'hatchling\neditables\n' > requirements/.build.in
trap 'rm -f requirements/.build.in' EXIT
pin pyproject.toml requirements/.build.in -o requirements/run.txt
pin pyproject.toml requirements/.build.in --extra dev -c requirements/run.txt -o requirements/dev.txt
pin pyproject.toml requirements/.build.in --extra dev --extra bench -c requirements/dev.txt -o requirements/bench.txt
