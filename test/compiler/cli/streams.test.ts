/** Standard output and error, which nothing asks for before there is something to write. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allWritten, noticeOpening } from '../../../compiler/cli/streams.ts';

const COMMAND = join(import.meta.dirname, '../../../dist/bpfscript.js');

it('A stream is noticed when it is first asked for, and not opened to wait for what it was given', async () => {
  const own = Object.getOwnPropertyDescriptor(process, 'stdout');
  const opened: unknown[] = [];
  noticeOpening('stdout', (stream) => opened.push(stream));
  await allWritten();
  expect(opened).toEqual([]);
  const { stdout } = process;
  expect(process.stdout).toBe(stdout);
  expect(opened).toEqual([stdout]);
  await allWritten();
  expect(opened).toHaveLength(1);
  expect(Object.getOwnPropertyDescriptor(process, 'stdout')).toEqual(own);
});

it('A command whose reader has gone ends without a word', async () => {
  const command = spawn(process.execPath, [COMMAND, 'fmt', '-']);
  const said: Buffer[] = [];
  command.stderr.on('data', (piece) => said.push(piece));
  command.stdout.destroy();
  await once(command.stdout, 'close');
  // It writes when it has read all.
  command.stdin.end('BEGIN{exit()}');
  const [status] = await once(command, 'close');
  expect([Buffer.concat(said).toString(), status]).toEqual(['', 0]);
});

it('Output that cannot be written is an error', async () => {
  const command = spawn('sh', ['-c', 'exec "$0" "$1" fmt - >/dev/full', process.execPath, COMMAND]);
  const said: Buffer[] = [];
  command.stderr.on('data', (piece) => said.push(piece));
  command.stdin.end('BEGIN{exit()}');
  const [status] = await once(command, 'close');
  expect(Buffer.concat(said).toString()).toMatch(
    /^ERROR: cannot write to standard output: no space left on .*\n$/,
  );
  expect(status).toBe(1);
});
