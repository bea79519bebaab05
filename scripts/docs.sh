#!/usr/bin/env bash
# `npm run docs`: refreshes what is made from tables in the code: pages of docs/, and the loader's header of the
# contract. test/linker/contract says whether they are fresh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
npx --no-install tsc -p tsconfig.json
node --input-type=module -e "
  import { readFileSync, writeFileSync } from 'node:fs';
  import { renderReference } from './dist/compiler/builtins/reference.js';
  import { withCodes } from './dist/compiler/source/reference.js';
  import { renderHeader } from './dist/linker/contract/header.js';
  import { renderSchema } from './dist/linker/manifest/schema.js';
  writeFileSync('docs/builtins.md', renderReference());
  writeFileSync('docs/diagnostics.md', withCodes(readFileSync('docs/diagnostics.md', 'utf8')));
  writeFileSync('loader/src/object/contract.h', renderHeader());
  writeFileSync('docs/manifest.schema.json', renderSchema());
"
