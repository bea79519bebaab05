/** Registries for tests: Debian's, and servers that pretend to be one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from './build.ts';
import { COMMAND } from './command.ts';
import { runHere } from './command-here.ts';
import { listeningPort } from './listening.ts';

/**
 * What a file of tests has of its own: modules are read once for several files, and what stands at their top is the
 * first one's. Commands run in `folder`; all of it goes when the file is done.
 */
export function registries() {
  const folder = temporaryFolder();
  const children: ChildProcess[] = [];
  const servers: Server[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    for (const server of servers) server.close();
  });

  /** From its sources, in this process. */
  function bpfscript(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    return runHere(words, { cwd: folder, env: { HOME: folder, XDG_RUNTIME_DIR: '', ...env } });
  }

  /** In a Node of its own, which reads some of the environment when it starts. Beside us, since servers of the test answer it. */
  function started(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
    const child = spawn(process.execPath, [COMMAND, ...words], {
      env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: '', ...env },
      cwd: folder,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('latin1');
    });
    return new Promise((resolve) =>
      child.on('close', (status) => resolve({ status, stdout, stderr })),
    );
  }

  async function listening(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Debian's registry; `password`: of the user `me`. */
  async function registry(
    name: string,
    password?: string,
  ): Promise<{ host: string; data: string }> {
    const data = join(folder, name);
    const config = join(folder, `${name}.yml`);
    const passwords = join(folder, `${name}.passwords`);
    mkdirSync(data);
    if (password !== undefined) writeFileSync(passwords, `me:${password}\n`);
    writeFileSync(
      config,
      `version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: ${data}}\nhttp: {addr: "127.0.0.1:0"}\n${password === undefined ? '' : `auth:\n  htpasswd: {realm: test, path: ${passwords}}\n`}`,
    );
    const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    children.push(child);
    const port = await listeningPort(child);
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/v2/`).then(
        () => true,
        () => false,
      );
    while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 50));
    return { host: `127.0.0.1:${port}`, data };
  }

  return { folder, bpfscript, started, listening, registry };
}

export function blobFile(data: string, digest: string): string {
  const hex = digest.replace('sha256:', '');
  return join(data, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}
