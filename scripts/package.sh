#!/usr/bin/env bash
# `npm run package`: what is given to others, in dist/packages: `npm` (the command, with what is compiled for each
# architecture in packages of its own), `loader` (static tarballs), `deb` (Debian packages). Without
# names, all of them. `--arm64` has the parts for arm64 built, too.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
arm64=
parts=()
for argument; do
  case $argument in
    --arm64) arm64=1 ;;
    npm | loader | deb) parts+=("$argument") ;;
    *) fail 'usage: npm run package -- [--arm64] [npm] [loader] [deb]' ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=(npm loader deb)

bash scripts/setup.sh
bash scripts/build.sh compiler loader manual
[ -z "$arm64" ] || bash scripts/build-arm64.sh loader backend
# What is written into archives has the time of the commit, so that the same sources give the same packages.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
PACKAGED_ARCHITECTURES="x64${arm64:+ arm64}"
export PACKAGED_ARCHITECTURES
mkdir -p dist/packages
for part in "${parts[@]}"; do bash "scripts/package-$part.sh"; done
(
  cd dist/packages
  rm -f SHA256SUMS
  find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%f\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS
)
step 'Packages in dist/packages'
(cd dist/packages && ls -l --time-style=+ | awk 'NR > 1 { printf "%8.1f MB  %s\n", $5 / 1e6, $NF }') >&2
