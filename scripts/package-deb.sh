#!/usr/bin/env bash
# The Debian packages: called by package.sh.
#   bpfload_VERSION_ARCH.deb     the loader, its unit, manual page, completions, and an example of a policy
#   bpfscript_VERSION_ARCH.deb   the compiler, which takes Node 20, and uses that loader
# DEBFULLNAME and DEBEMAIL say who makes them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_packages dpkg-dev xz-utils
version=$(node -p 'require("./package.json").version')
maintainer="${DEBFULLNAME:-bpfscript developers} <${DEBEMAIL:-bpfscript@users.noreply.github.com}>"
output=$root/dist/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra architectures <<<"$PACKAGED_ARCHITECTURES"
debian_architecture() { if [ "$1" = x64 ]; then echo amd64; else echo "$1"; fi; }

# `documents FOLDER PACKAGE`: what Debian wants beside LICENSE, THIRD-PARTY.txt and sbom.cdx.json, which stand there.
documents() {
  local doc=$1/usr/share/doc/$2
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: bpfscript\n\n'
    printf 'Files: *\nCopyright: %s the bpfscript developers\nLicense: Apache-2.0\n On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0.\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y)"
    printf ' .\n What others wrote stands in THIRD-PARTY.txt beside this file, with its licences.\n'
  } >"$doc/copyright"
  rm "$doc/LICENSE"
  {
    printf '%s (%s) stable; urgency=medium\n\n  * The changes are in NEWS.md.gz.\n\n -- %s  %s\n' "$2" "$version" "$maintainer" \
      "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n >"$doc/changelog.gz"
  gzip -9nc CHANGELOG.md >"$doc/NEWS.md.gz"
}

# `completions FOLDER COMMAND`: where each shell looks for them.
completions() {
  install -D -m 644 "dist/completions/$2.bash" "$1/usr/share/bash-completion/completions/$2"
  install -D -m 644 "dist/completions/$2.zsh" "$1/usr/share/zsh/vendor-completions/_$2"
  install -D -m 644 "dist/completions/$2.fish" "$1/usr/share/fish/vendor_completions.d/$2.fish"
}

# `manual FOLDER PAGE...`
manual() {
  local folder=$1 page
  shift
  for page; do
    mkdir -p "$folder/usr/share/man/man${page##*.}"
    gzip -9nc "dist/man/$page" >"$folder/usr/share/man/man${page##*.}/$page.gz"
  done
}

# `build FOLDER PACKAGE ARCH FIELDS`: the package of what stands in a folder. The same files give the same package.
build() {
  local folder=$1 package=$2 arch=$3
  chmod -R u=rwX,go=rX "$folder"
  mkdir "$folder/DEBIAN"
  (cd "$folder" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum) >"$folder/DEBIAN/md5sums"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: %s\nInstalled-Size: %s\nSection: utils\nPriority: optional\n' \
      "$package" "$version" "$arch" "$maintainer" "$(du -k --apparent-size -s "$folder" | cut -f1)"
    cat
  } >"$folder/DEBIAN/control"
  find "$folder" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0 touch -h -d "@$SOURCE_DATE_EPOCH"
  dpkg-deb --root-owner-group -Zxz --build "$folder" "$output/${package}_${version}_$arch.deb" >/dev/null
}

for architecture in "${architectures[@]}"; do
  arch=$(debian_architecture "$architecture")
  build=build
  [ "$architecture" = x64 ] || build=build-$architecture

  folder=$work/bpfload-$arch
  doc=$folder/usr/share/doc/bpfload
  install -D -m 755 "loader/$build/bpfload" "$folder/usr/bin/bpfload"
  install -D -m 644 'loader/systemd/bpfload@.service' "$folder/lib/systemd/system/bpfload@.service"
  install -D -m 644 packaging/policy.example "$doc/examples/policy"
  install -D -m 644 -t "$doc/examples/drop-ins" loader/systemd/drop-ins/*.conf
  install -D -m 644 packaging/alerts.example.yml "$doc/examples/alerts.yml"
  install -D -m 644 -t "$doc/examples/dashboards" packaging/dashboards/*.json
  install -D -m 644 -t "$doc/examples/ansible" packaging/ansible/*.yml
  mkdir -p "$folder/etc/bpfload/keys" "$folder/var/lib/bpfload"
  manual "$folder" bpfload.1
  completions "$folder" bpfload
  cp LICENSE "$doc"
  node scripts/notices.mjs loader "$architecture" "$doc"
  documents "$folder" bpfload
  # It is static on purpose: it runs on hosts of any age, also from a container that has nothing else.
  install -D -m 644 /dev/stdin "$folder/usr/share/lintian/overrides/bpfload" <<'OVERRIDES'
bpfload: statically-linked-binary
bpfload: embedded-library
OVERRIDES
  build "$folder" bpfload "$arch" <<'CONTROL'
Suggests: bpfscript
Description: runs tracing scripts that bpfscript compiled
 One static program loads CO-RE objects into the kernel (BPF), adapts them to
 it, attaches their probes, and prints what they report. It needs no compiler,
 no headers and no interpreter.
CONTROL

  folder=$work/bpfscript-$arch
  doc=$folder/usr/share/doc/bpfscript
  home=$folder/usr/lib/bpfscript
  native=$home/node_modules/bpfscript-linux-$architecture
  mkdir -p "$doc" "$folder/usr/bin" "$home/dist" "$native"
  cp dist/bpfscript.js dist/package.json "$home/dist"
  cp -r dist/parts "$home/dist/parts"
  chmod -R u=rwX,go=rX "$home"
  chmod 755 "$home/dist/bpfscript.js"
  cp -r stdlib "$home"
  node -p 'const { name, version, license, engines } = require("./package.json"); JSON.stringify({ name, version, license, engines })' >"$home/package.json"
  printf '{ "name": "bpfscript-linux-%s", "version": "%s" }\n' "$architecture" "$version" >"$native/package.json"
  cp compiler/llvm/backend/$build/{backend,process,disassembler}.node "$native"
  cp "loader/$build/guest-init" "$native"
  # One loader on a machine: that of the other package.
  ln -s ../../../../bin/bpfload "$native/bpfload"
  ln -s ../lib/bpfscript/dist/bpfscript.js "$folder/usr/bin/bpfscript"
  install -D -m 644 -t "$folder/usr/share/bpfscript" packaging/bpfscript.mk packaging/bpfscript.cmake
  manual "$folder" bpfscript.1 bpfscript-language.7
  completions "$folder" bpfscript
  cp LICENSE "$doc"
  node scripts/notices.mjs all "$architecture" "$doc"
  documents "$folder" bpfscript
  install -D -m 644 /dev/stdin "$folder/usr/share/lintian/overrides/bpfscript" <<'OVERRIDES'
# The first program of guests is alone in them.
bpfscript: statically-linked-binary
# LLVM, of which the back end has what it uses.
bpfscript: embedded-library
OVERRIDES
  build "$folder" bpfscript "$arch" <<CONTROL
Depends: bpfload (= $version), nodejs (>= 20), libc6 (>= 2.36)
Suggests: clang
Description: compiles tracing scripts ahead of time
 BpfScript is the language of bpftrace. Scripts become one CO-RE object each,
 which bpfload runs on machines that have no compiler, and on kernels other
 than the one that they were compiled for.
CONTROL
done
