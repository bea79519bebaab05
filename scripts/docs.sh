#!/usr/bin/env bash
# `npm run docs`: refreshes the pages that are made from tables in the code.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
npx --no-install tsc -p tsconfig.json
node --input-type=module -e "
  import { renderReference } from './dist/compiler/builtins/reference.js';
  process.stdout.write(renderReference());
" >docs/builtins.md
