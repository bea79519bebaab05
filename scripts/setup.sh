#!/usr/bin/env bash
# Installs what building, testing (with --test) and benchmarking (with --bench) need. Does nothing twice.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
packages=("${build_packages[@]}")
for argument; do
  case $argument in
    --test)
      packages+=("${test_packages[@]}")
      if [ "$(id -u)" = 0 ]; then packages+=("${browser_packages[@]}"); fi
      ;;
    --bench) packages+=("${bench_packages[@]}") ;;
    *) fail "usage: scripts/setup.sh [--test] [--bench]" ;;
  esac
done
need_packages "${packages[@]}"
need_node_modules
