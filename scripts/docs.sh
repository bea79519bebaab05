#!/usr/bin/env bash
# `npm run docs`: refreshes what is made from tables in the code: pages of docs/, and the loader's header of the
# contract, and what the parser chooses by. test/linker/contract says whether they are fresh. `npm run docs -- --run` first
# runs the examples of the reference and the tours, as root, and writes down what they print and draw.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_packages "${docs_packages[@]}"
if [ "${1:-}" = --run ]; then
  BPFSCRIPT_RECORD=1 npx --no-install vitest run test/kernel/reference.test.ts test/kernel/tours.test.ts
  npx --no-install biome check --write compiler/reference/outputs.ts >/dev/null
fi
npx --no-install tsc -p tsconfig.json
node --input-type=module -e "
  import { readFileSync, writeFileSync } from 'node:fs';
  import { collectChoices, renderChoices } from './.cache/modules/compiler/syntax/lookahead.js';
  import { ProgramParser } from './.cache/modules/compiler/syntax/program-parser.js';
  import { renderReference } from './.cache/modules/compiler/reference/render.js';
  import { withCodes } from './.cache/modules/compiler/source/reference.js';
  import { renderEffectsHeader } from './.cache/modules/linker/contract/effects-header.js';
  import { renderHeader } from './.cache/modules/linker/contract/header.js';
  import { renderSchema } from './.cache/modules/linker/manifest/schema.js';
  for (const [name, text] of renderReference()) writeFileSync('docs/builtins/' + name, text);
  writeFileSync('docs/diagnostics.md', withCodes(readFileSync('docs/diagnostics.md', 'utf8')));
  writeFileSync('loader/src/object/contract.h', renderHeader());
  writeFileSync('loader/src/object/effect_tables.h', renderEffectsHeader());
  writeFileSync('docs/manifest.schema.json', renderSchema());
  const choices = collectChoices();
  new ProgramParser(choices.strategy);
  writeFileSync('compiler/syntax/choices.ts', renderChoices(choices.found()));
"
npx --no-install biome format --write compiler/syntax/choices.ts >/dev/null
node scripts/dashboards.mjs
npx --no-install biome format --write packaging/dashboards >/dev/null
# The encoders of timelines and profiles, of their schemas.
protoc -I compiler/drawing/trace --plugin=node_modules/.bin/protoc-gen-es --es_out=compiler/drawing/trace \
  --es_opt=target=ts perfetto.proto pprof.proto
npx --no-install biome check --write compiler/drawing/trace/*_pb.ts >/dev/null
