#!/usr/bin/env bash
# Builds the compiler (dist/bpfscript.js), its back end, the loader and the manual pages, and checks types. What is up
# to date is left alone. Names of parts choose them: `scripts/build.sh compiler`, `loader`, `manual`, `types`,
# `sanitized` (the loader under sanitizers), `workload` (the programs that tests trace).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bin=node_modules/.bin
stamps=.cache/build
mkdir -p "$stamps"

# Whether a source is newer than a stamp, or gone since: then its folder is newer.
changed_since() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -name build -prune -o \( -name '*.ts' -o -name '*.json' -o -type d \) -newer "$stamp" -print -quit)" ]
}

# Runs a command unless its stamp is newer than the sources. The stamp has the time of the beginning: what changes
# meanwhile counts as changed.
unless_current() {
  local stamp=$stamps/$1 sources=$2
  shift 2
  # shellcheck disable=SC2086 # a list of paths
  changed_since "$stamp" $sources || return 0
  touch "$stamp.begun"
  "$@" || return
  mv "$stamp.begun" "$stamp"
}

product='compiler linker stdlib package.json package-lock.json'

# Few files start a third sooner than three hundred modules, and with the code that V8 made of them another third sooner.
# dist/bpfscript.js opens those that a command needs (compiler/cli/launch.ts). Bug reports find names and lines in their maps.
parts() {
  rm -rf dist/parts.new
  node scripts/bundle.mjs dist/parts.new &&
    bash scripts/keep-code.sh dist/parts.new &&
    rm -rf dist/parts &&
    mv dist/parts.new dist/parts
}

bundle() {
  mkdir -p dist &&
    echo '{ "type": "commonjs" }' >dist/package.json &&
    parts &&
    "$bin/esbuild" compiler/cli/launch.ts --bundle --platform=node --format=cjs \
      --define:import.meta.dirname=__dirname --outfile=dist/bpfscript.js --log-level=warning &&
    "$bin/esbuild" compiler/cli/launch-loader.ts --bundle --platform=node --format=cjs \
      --define:import.meta.filename=__filename --define:import.meta.dirname=__dirname --outfile=dist/bpfload.js --log-level=warning &&
    chmod 755 dist/bpfscript.js dist/bpfload.js
}

compiler() {
  bash scripts/build-backend.sh
  [ -e dist/bpfscript.js ] && [ -e dist/parts/first.cjs ] && [ -e dist/bpfload.js ] || rm -f "$stamps/compiler"
  unless_current compiler "$product" bundle
  # Where npx looks first.
  [ "$(readlink node_modules/.bin/bpfscript)" = ../../dist/bpfscript.js ] ||
    ln -sf ../../dist/bpfscript.js node_modules/.bin/bpfscript
}

types() {
  unless_current types "$product test bench vitest.config.ts tsconfig.json tsconfig.check.json" \
    "$bin/tsc" -p tsconfig.check.json
}

loader() { make -s -C loader -j"$(nproc)"; }
sanitized() { make -s -C loader -j"$(nproc)" SANITIZE=1; }
workload() { make -s -C test/workload; }

manual() {
  local source
  for source in dist/bpfscript.js loader/build/bpfload scripts/manual.sh docs/language.md docs/exit-status.md docs/command-line.md; do
    if ! [ dist/completions/bpfload.fish -nt "$source" ]; then
      bash scripts/manual.sh
      return
    fi
  done
}

# Builds that run at the same time, such as those of `npm test` and `npm run check`, wait for each other's part.
alone() (
  flock 9
  "$1"
) 9>"$stamps/$1.lock"

[ $# -gt 0 ] || set -- compiler loader manual types
waiting=
trap '[ -z "$waiting" ] || kill "$waiting" 2>/dev/null || true' EXIT
for part; do
  case $part in
    # The longest, and nobody waits for what it makes.
    types)
      alone types &
      waiting=$!
      ;;
    compiler | loader | manual | sanitized | workload) ;;
    *) fail 'usage: scripts/build.sh [compiler|loader|manual|types|sanitized|workload]...' ;;
  esac
done
for part; do
  [ "$part" = types ] || alone "$part"
done
[ -z "$waiting" ] || wait "$waiting"
waiting=
