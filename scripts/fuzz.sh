#!/usr/bin/env bash
# `npm run fuzz -- SECONDS [TARGET...]`: fuzzers, so many seconds for each target; without targets all of them. With 0
# seconds each reads what is kept once. Work goes on where the last run ended: .cache/fuzz/TARGET. What was found is in
# .cache/fuzz/findings, and makes the status 1.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage='usage: npm run fuzz -- SECONDS [TARGET...]'
[[ ${1-} =~ ^[0-9]+$ ]] || fail "$usage"
seconds=$1
shift
need_packages "${build_packages[@]}" "${fuzz_packages[@]}"
bash scripts/build.sh compiler
all=$(make -s -C loader fuzz-targets)
[ $# -gt 0 ] || set -- $all scripts
for target; do
  [[ " $all scripts " == *" $target "* ]] || fail "there is no target $target; there are: $all scripts"
done
step "Building fuzzers"
make -s -C loader -j"$(nproc)" fuzz
work=$root/.cache/fuzz
findings=$work/findings
mkdir -p "$findings"

# Objects are made of scripts, so that they are those of this compiler.
objects() {
  local script
  mkdir -p "$work/objects"
  for script in examples/{hello,runqlen,parents,cpuwalk,bashreadline,tcpretrans,bitesize,loads,profile,exitsnoop,drops,mallocs,syscount,reclaim,vfscount,tcplife}.bt loader/fuzz/records.bt; do
    local object=$work/objects/$(basename "$script" .bt).o
    if ! [ "$object" -nt "$script" ] || ! [ "$object" -nt dist/bpfscript.js ]; then
      node dist/bpfscript.js build --unsafe --no-warnings "$script" -o "$object"
    fi
  done
}

# A target of C, by libFuzzer. What it is given stays as it is; what it learns goes to .cache.
run() {
  local target=$1 log=$work/$1.log kept=() status=0 executions coverage found
  [ -d "loader/fuzz/corpus/$target" ] && kept+=("loader/fuzz/corpus/$target")
  case $target in object | manifest) kept+=("$work/objects") ;; esac
  mkdir -p "$work/$target"
  local limits=(-max_len=70000 -cross_over=0 -timeout=25 -rss_limit_mb=3000 -artifact_prefix="$findings/$target-" -print_final_stats=1)
  if [ "$seconds" = 0 ]; then
    find "${kept[@]}" -type f -print0 | xargs -0 "loader/build/fuzz/bin/$target" -timeout=60 >"$log" 2>&1 || status=$?
    executions=$(grep -c '^Executed ' "$log" || true)
    coverage=-
  else
    "loader/build/fuzz/bin/$target" "${limits[@]}" -max_total_time="$seconds" "$work/$target" "${kept[@]}" >"$log" 2>&1 || status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  fi
  found=0
  [ "$status" = 0 ] || found=1
  report "$target" "${executions:-?}" "${coverage:-?}" "$found"
  if [ "$found" != 0 ]; then
    grep -m1 -E '^SUMMARY|ERROR: ' "$log" >&2 || tail -3 "$log" >&2
    echo "  its log: $log; the case: $(sed -n 's/.*Test unit written to //p' "$log" | tail -1)" >&2
    return 1
  fi
}

report() { printf '%-14s %12s %10s %9s\n' "$@"; }

# Scripts through the compiler. A seed of the last run tries the same again: BPFSCRIPT_FUZZ_SEED.
run_scripts() {
  node_modules/.bin/esbuild test/fuzz/scripts.ts --bundle --platform=node --format=esm --packages=external \
    --outfile=.cache/fuzz/scripts.mjs --log-level=warning
  node .cache/fuzz/scripts.mjs "$seconds" "$findings"
}

report target executions coverage findings
failed=0
for target; do
  case $target in
    scripts) run_scripts || failed=1 ;;
    *)
      case $target in object | manifest) objects ;; esac
      run "$target" || failed=1
      ;;
  esac
done
exit "$failed"
