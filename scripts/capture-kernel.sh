#!/usr/bin/env bash
# Makes stdlib/kernels/SERIES-x86_64.kernel, the embedded kernel description: boots Debian's cloud kernel of the
# series (6.12) in a guest, takes its BTF, tracepoint formats and traceable functions, and writes them as one file.
# With a second argument it writes that file instead.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
series=${1:-6.12}
bash scripts/fetch-kernels.sh "$series"
[ -d ".cache/kernels/$series/boot" ] || fail "there is no kernel of series $series to boot"
npx --no-install tsc -p tsconfig.json

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/payload" "$work/files"
# Files of sysfs and tracefs say that they are empty until they are read, so tar needs copies.
cat >"$work/payload/collect.sh" <<'GUEST'
set -e
mkdir /copy
cd /sys/kernel/tracing
find events -name format | while read -r file; do
  mkdir -p "/copy/${file%/*}"
  cat "$file" >"/copy/$file"
done
cat available_filter_functions >/copy/available_filter_functions
cat /sys/kernel/btf/vmlinux >/copy/vmlinux
uname -r >/copy/release
uname -m >/copy/arch
cd /copy
tar c *
GUEST
step "Booting the $series kernel"
bash test/guest/vmrun.sh -t 300 -m 700 ".cache/kernels/$series" "$work/payload" -- sh /collect.sh >"$work/files.tar"
tar x -C "$work/files" -f "$work/files.tar"

output=${2:-stdlib/kernels/$series-$(cat "$work/files/arch").kernel}
mkdir -p "$(dirname "$output")"
step "Writing $output"
CAPTURED=$work/files OUTPUT=$output node --input-type=module -e "
  import { readFileSync, writeFileSync } from 'node:fs';
  import { capture } from '$root/.cache/modules/compiler/kernel/capture.js';
  import { hostFiles } from '$root/.cache/modules/compiler/kernel/host.js';
  const folder = process.env.CAPTURED;
  const text = (name) => readFileSync(folder + '/' + name, 'utf8').trim();
  writeFileSync(process.env.OUTPUT, capture({
    release: text('release'),
    arch: text('arch'),
    btf: folder + '/vmlinux',
    tracing: [folder],
    syscalls: hostFiles().syscalls,
  }));
"
ls -l "$output" >&2
