#!/usr/bin/env bash
# The npm packages: called by package.sh.
#   bpfscript-VERSION.tgz              the command; asks for one of the next two, by architecture
#   bpfscript-linux-ARCH-VERSION.tgz   what is compiled: back end and loader
#   bpfscript-VERSION-linux-ARCH.tgz   both in one file, for hosts without a registry
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
version=$(node -p 'require("./package.json").version')
output=$root/dist/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra architectures <<<"$PACKAGED_ARCHITECTURES"

# The package.json of a staged folder: `manifest FOLDER NAME JSON`.
manifest() {
  node - "$@" <<'JAVASCRIPT'
    const { readFileSync, writeFileSync } = require('node:fs');
    const [folder, name, rest] = process.argv.slice(2);
    const { version, license, engines, os } = JSON.parse(readFileSync('package.json', 'utf8'));
    writeFileSync(`${folder}/package.json`, `${JSON.stringify({ name, version, license, engines, os, ...JSON.parse(rest) }, null, 2)}\n`);
JAVASCRIPT
}

# `pack FOLDER NAME`: the tarball of a staged folder.
pack() {
  chmod -R u=rwX,go=rX "$1"
  rm -f "$output/$2"
  (cd "$1" && npm pack --silent --ignore-scripts --pack-destination "$work" >"$work/packed")
  mv "$work/$(cat "$work/packed")" "$output/$2"
}

for arch in "${architectures[@]}"; do
  build=build
  [ "$arch" = x64 ] || build=build-$arch
  folder=$work/native-$arch
  mkdir "$folder"
  cp compiler/llvm/backend/$build/{backend,process,disassembler}.node loader/$build/{bpfload,guest-init} LICENSE "$folder"
  node scripts/notices.mjs native "$arch" "$folder"
  echo "What bpfscript has of native code for Linux on $arch: its back end (LLVM) and the loader." >"$folder/README.md"
  manifest "$folder" "bpfscript-linux-$arch" "{
    \"description\": \"Back end and loader of bpfscript for Linux on $arch.\", \"cpu\": [\"$arch\"], \"libc\": [\"glibc\"], \"preferUnplugged\": true }"
  pack "$folder" "bpfscript-linux-$arch-$version.tgz"
done

main=$work/main
mkdir -p "$main/dist"
cp dist/bpfscript.js dist/bpfload.js dist/package.json "$main/dist"
cp -r dist/parts "$main/dist/parts"
cp -r dist/man "$main/dist/man"
cp -r stdlib LICENSE CHANGELOG.md "$main"
mkdir "$main/packaging"
cp packaging/bpfscript.{mk,cmake} "$main/packaging"
cp docs/install.md "$main/README.md"
node scripts/notices.mjs command x64 "$main"
shared=$(node -p 'JSON.stringify({
  description: require("./package.json").description,
  bin: { bpfscript: "dist/bpfscript.js", bpfload: "dist/bpfload.js" },
  man: ["dist/man/bpfscript.1", "dist/man/bpfload.1", "dist/man/bpfscript-language.7"],
}).slice(1, -1)')
# Both architectures, also where only one was packaged: a registry has them all.
manifest "$main" bpfscript "{ $shared, \"optionalDependencies\": { \"bpfscript-linux-x64\": \"$version\", \"bpfscript-linux-arm64\": \"$version\" } }"
pack "$main" "bpfscript-$version.tgz"

for arch in "${architectures[@]}"; do
  name=bpfscript-linux-$arch
  rm -rf "$main/node_modules"
  mkdir "$main/node_modules"
  cp -r "$work/native-$arch" "$main/node_modules/$name"
  node scripts/notices.mjs all "$arch" "$main"
  manifest "$main" bpfscript "{ $shared, \"cpu\": [\"$arch\"], \"dependencies\": { \"$name\": \"$version\" }, \"bundleDependencies\": [\"$name\"] }"
  pack "$main" "bpfscript-$version-linux-$arch.tgz"
done
