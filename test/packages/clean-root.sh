#!/usr/bin/env bash
# A fresh Debian 12 (what debootstrap calls minbase), changed by nobody:
#   clean-root.sh [--network] [--node] CHANGES PACKAGES SCRIPT [ARGUMENT...]
# runs the shell script in it, as root, with PACKAGES at /packages. What it writes stays in the folder CHANGES, for the
# next script. Without --network there is none; --node has this machine's Node and npm in /usr/local. The kernel is this
# machine's, with tracefs and bpffs.
set -euo pipefail
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/roots/bookworm
network=(--net) node=
while true; do
  case $1 in
    --network) network=() ;;
    --node) node=$(readlink -f "$(command -v node)") ;;
    *) break ;;
  esac
  shift
done
changes=$1 packages=$(realpath "$2") script=$3
shift 3
mkdir -p "$changes"/{upper,work,root}
export base changes packages node script
# shellcheck disable=SC2016 # expanded inside
exec unshare --mount --pid --fork --kill-child "${network[@]}" bash -c '
  set -euo pipefail
  root=$changes/root
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$changes/upper,workdir=$changes/work" "$root"
  mkdir -p "$root/packages"
  mount --bind -o ro "$packages" "$root/packages"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  if [ -n "$node" ]; then
    mkdir -p "$root/usr/local/lib/node_modules/npm"
    touch "$root/usr/local/bin/node"
    mount --bind "$node" "$root/usr/local/bin/node"
    mount --bind "$(dirname "$(dirname "$node")")/lib/node_modules/npm" "$root/usr/local/lib/node_modules/npm"
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  fi
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 \
    chroot "$root" /bin/sh -ec "$script" sh "$@"
' bash "$@"
