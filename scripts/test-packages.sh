#!/usr/bin/env bash
# `npm run test:packages`: makes the packages, installs each in a fresh Debian 12, and uses it there. Needs root.
# Apart from `npm test`, since it needs mmdebstrap and a Debian mirror, and the packages have to be made first.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ "$(id -u)" = 0 ] || fail 'fresh roots can only be mounted by root'
bash scripts/setup.sh --test
need_packages "${package_test_packages[@]}"
bash scripts/package.sh
mount_filesystems
root_folder=.cache/roots/bookworm
if [ ! -d "$root_folder" ]; then
  step 'Installing a fresh Debian 12'
  mkdir -p .cache/roots
  rm -rf "$root_folder.new"
  mmdebstrap --quiet --variant=minbase bookworm "$root_folder.new"
  mv "$root_folder.new" "$root_folder"
fi
step 'Tests'
BPFSCRIPT_PACKAGES=1 node_modules/.bin/vitest run test/packages
