#!/usr/bin/env bash
# The loader alone: called by package.sh.
#   bpfload-VERSION-linux-ARCH.tar.gz           one static file, with manual page, completions and notices
#   bpfload-VERSION-linux-ARCH-objects.tar.gz   what it was linked of, for whoever wants other libraries in it (LGPL)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
version=$(node -p 'require("./package.json").version')
output=$root/dist/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra architectures <<<"$PACKAGED_ARCHITECTURES"

# The same files give the same archive.
archive() {
  chmod -R u=rwX,go=rX "$work/$1"
  tar -c -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" "$1" | gzip -9n >"$output/$1.tar.gz"
}

for arch in "${architectures[@]}"; do
  build=loader/build compiler=gcc
  [ "$arch" = x64 ] || build=loader/build-$arch compiler=aarch64-linux-gnu-gcc
  name=bpfload-$version-linux-$arch
  mkdir "$work/$name"
  cp "$build/bpfload" LICENSE dist/man/bpfload.1 dist/completions/bpfload.* "$work/$name"
  node scripts/notices.mjs loader "$arch" "$work/$name"
  archive "$name"

  objects=$name-objects
  mkdir "$work/$objects"
  # Those whose source is there: a build folder keeps what was renamed.
  (cd loader/src && printf '%s\n' */*.c) | sed 's/c$/o/' | (cd "$build/release" && xargs cp --parents -t "$work/$objects")
  cp LICENSE "$work/$name/THIRD-PARTY.txt" "$work/$objects"
  libraries=$(sed -n 's/^LIBRARIES := \$(PACKAGES:%=-L%\/lib) //p' loader/Makefile)
  [ -n "$libraries" ] || fail 'the list of libraries was not found in loader/Makefile'
  printf '#!/bin/sh\n# Links bpfload with the libraries of this machine.\nexec %s -static -s -Wl,--gc-sections -o bpfload $(find . -name "*.o" | LC_ALL=C sort) %s\n' \
    "$compiler" "$libraries" >"$work/$objects/link.sh"
  chmod +x "$work/$objects/link.sh"
  archive "$objects"
done
