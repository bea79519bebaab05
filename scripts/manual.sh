#!/usr/bin/env bash
# Writes the manual pages to dist/man and the completions to dist/completions, from what the commands say of themselves
# and from pages of docs: called by build.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir -p dist/man dist/completions
node_modules/.bin/esbuild --bundle --platform=node --format=cjs --loader=ts --log-level=warning \
  --define:import.meta.filename=__filename --define:import.meta.dirname=__dirname --outfile=dist/manual.cjs <<'TYPESCRIPT'
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { renderLanguageManual, renderLoaderManual, renderManual } from './compiler/cli/manual.ts';
import { wholeProgram } from './compiler/cli/program.ts';
const docs = (name: string): string => readFileSync(`docs/${name}.md`, 'utf8');
const shared = { exitStatus: docs('exit-status'), commandLine: docs('command-line') };
const help = execFileSync('loader/build/bpfload', ['--help'], { encoding: 'utf8' });
writeFileSync('dist/man/bpfload.1', renderLoaderManual(help, shared));
writeFileSync('dist/man/bpfscript-language.7', renderLanguageManual(docs('language')));
wholeProgram().then((program) => writeFileSync('dist/man/bpfscript.1', renderManual(program, shared)));
TYPESCRIPT
node dist/manual.cjs
for command in bpfscript bpfload; do
  for shell in bash zsh fish; do
    node dist/bpfscript.js completion "$shell" "$command" >"dist/completions/$command.$shell"
  done
done
