/** Tools that watch CPUs, memory, interrupts, disks and the network. */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { histogram, mapEntries, mapValue, stackEntries, total } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { linesLike, shell, tool } from './support.ts';

needs('root').describe('tools for CPUs', () => {
  it('cpuwalk finds the busy CPU', async () => {
    const { stdout } = await tool('cpuwalk', '$WORKLOAD spin 300', { parameters: ['0'] });
    expect(total(histogram(stdout, '@cpu'))).toBeGreaterThanOrEqual(25);
  });

  it('runqlen sees threads that wait', async () => {
    const { stdout } = await tool('runqlen', '$WORKLOAD threads 8 spin 500');
    const waiting = histogram(stdout, '@waiting').filter(({ label }) => label !== '[0]');
    expect(total(waiting)).toBeGreaterThanOrEqual(10);
  });

  it('runqlat measures every wake-up', async () => {
    const { stdout } = await tool('runqlat', '$WORKLOAD fork 20 sleep 1');
    expect(total(histogram(stdout, '@us'))).toBeGreaterThanOrEqual(40);
  });

  it('offcputime names the stack of a sleep', async () => {
    const { stdout } = await tool('offcputime', '$WORKLOAD comm ex-sleeper sleep 100');
    expect(stdout).toMatch(
      /^@us\[ex-sleeper, \n(?: {8}.*\n)* {8}.*hrtimer_nanosleep.*\n(?: {8}.*\n)*\]: 1\d{5}$/m,
    );
  });

  it('migrations counts moves between CPUs', async () => {
    const { stdout } = await tool(
      'migrations',
      'for i in 1 2 3; do taskset -c 0 true; taskset -c 1 true; done',
    );
    const moves = mapEntries(stdout, '@moves').reduce((sum, [, count]) => sum + count, 0);
    expect(moves).toBeGreaterThanOrEqual(1);
    expect(mapEntries(stdout, '@cpus').reduce((sum, [, count]) => sum + count, 0)).toBe(moves);
  });

  it('profile samples what spins', async () => {
    const { stdout } = await tool('profile', '$WORKLOAD comm ex-spinner spin 300');
    const samples = stdout.match(/^@\[ex-spinner,[\s\S]*?\]: (\d+)$/m);
    expect(samples).not.toBeNull();
  });

  it('softirqs, hardirqs and workqueues measure what the machine does anyway', async () => {
    const soft = await tool('softirqs', '$WORKLOAD spin 100');
    expect(total(histogram(soft.stdout, '@ns[timer]'))).toBeGreaterThan(0);
    const hard = await tool('hardirqs', 'sync; sleep 0.2');
    expect(hard.status).toBe(0);
    const work = await tool('workqueues', 'sync; sleep 0.2');
    expect(work.stdout).toMatch(/^@us\[\w+\]: \{ \.count = \d+, /m);
  });
});

needs('root').describe('tools for memory', () => {
  it('pagefaults counts the first touch of memory', async () => {
    const { stdout } = await tool('pagefaults', '$WORKLOAD comm ex-toucher read 1 4096000');
    expect(mapValue(stdout, '@faults', 'ex-toucher')).toBeGreaterThanOrEqual(1);
    expect(stdout).toMatch(/^@at\[/m);
  });

  it('slab sums what the kernel allocates', async () => {
    const { stdout } = await tool('slab', 'ls -R /etc/apt');
    const [asked, given] = ['@asked', '@given'].map((name) =>
      mapEntries(stdout, name).reduce((sum, [, bytes]) => sum + bytes, 0),
    );
    expect(asked).toBeGreaterThan(0);
    expect(given).toBeGreaterThanOrEqual(asked ?? 0);
  });

  it.each(['reclaim', 'oomkill'])('%s attaches and ends cleanly', async (name) => {
    const { status, stderr } = await tool(name, 'true');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^Attached \d+ probes?\n$/);
  });
});

needs('root').describe('tools for disks', () => {
  const folder = temporaryFolder();
  const write = `dd if=/dev/zero of=${join(folder, 'blocks')} bs=64k count=8 conv=fsync; sleep 0.1`;

  it('biolatency, bitesize and biosnoop see requests', async () => {
    const latency = await tool('biolatency', write);
    expect(latency.stdout).toMatch(/^@us\[\d+, \d+\]:$/m);
    const size = await tool('bitesize', write);
    expect(size.stdout).toMatch(/^@bytes\[.+\]:$/m);
    const each = await tool('biosnoop', write);
    expect(linesLike(each.stdout, /^\S+ +\d+ +\w+ +W +\d+ +\d+ +\d+$/).length).toBeGreaterThan(0);
  });

  it('writeback shows what sync wrote', async () => {
    const { stdout } = await tool(
      'writeback',
      `dd if=/dev/zero of=${join(folder, 'pages')} bs=1M count=2; sync`,
    );
    rmSync(join(folder, 'pages'));
    expect(linesLike(stdout, /^[\d:]+ +\d+:\d+ +\d+ +sync +\d+$/).length).toBeGreaterThan(0);
  });
});

/** One session over the loopback: 1,000 bytes there, 5,000 back; gives the port of the server. */
function session(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((peer) => {
      peer.once('data', () => peer.end(Buffer.alloc(5000)));
    });
    server.on('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const client = createConnection(port, host, () => client.write(Buffer.alloc(1000)));
      client.on('error', reject);
      client.on('data', () => undefined);
      client.on('close', () => server.close(() => resolve(port)));
    });
  });
}

/** A listener that never accepts: the kernel drops what goes beyond its queue, and clients try again. */
const DEAF = `const server = require('net').createServer();
server.listen(0, '127.0.0.1', 1, () => {
  require('fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1400);
  process.exit();
});`;

/** More connections to it than its queue has room for; gives its port once it has gone. */
function unheard(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
    let port = 0;
    server.stdout.once('data', (text: Buffer) => {
      port = Number(text.toString());
      for (let count = 0; count < 5; count += 1) {
        const client = createConnection(port, '127.0.0.1');
        // It ends with the server's process, as it should.
        client.on('error', () => client.destroy());
        server.on('close', () => client.destroy());
      }
    });
    server.on('error', reject);
    server.on('close', () => resolve(port));
  });
}

needs('root').describe('tools for the network', () => {
  it('tcpretrans counts what is sent again', async () => {
    let port = 0;
    const { stdout } = await tool('tcpretrans', '', {
      workload: async () => {
        port = await unheard();
      },
    });
    expect(mapValue(stdout, '@retransmits', `[127,0,0,1], ${port}`)).toBeGreaterThanOrEqual(1);
  });

  it('tcpconnect and tcplife follow a session over IPv4', async () => {
    let port = 0;
    const workload = async (): Promise<void> => {
      port = await session('127.0.0.1');
    };
    const connects = await tool('tcpconnect', '', { workload });
    expect(linesLike(connects.stdout, new RegExp(` 127\\.0\\.0\\.1:${port}$`))).toHaveLength(1);
    const lives = await tool('tcplife', '', { workload });
    const [client] = linesLike(lives.stdout, new RegExp(` 127\\.0\\.0\\.1:${port}$`));
    expect(client).toMatch(new RegExp(`^${process.pid} `));
    // SYN and FIN count as a byte each.
    expect(client).toMatch(/ 100[12] +500[12] +\d+ 127/);
  });

  it('tcpconnect prints IPv6 addresses', async () => {
    let port = 0;
    const { stdout } = await tool('tcpconnect', '', {
      workload: async () => {
        port = await session('::1');
      },
    });
    expect(stdout).toContain(` [0:0:0:0:0:0:0:1]:${port}\n`);
  });

  it('drops sees a datagram that nobody waits for', async () => {
    const { stdout } = await tool('drops', '', {
      workload: () =>
        new Promise((resolve) => {
          const socket = createSocket('udp4');
          socket.send('x', 9, '127.0.0.1', () => socket.close(() => resolve()));
        }),
    });
    const drops = mapEntries(stdout, '@drops').filter(([key]) => key.endsWith('__udp4_lib_rcv'));
    expect(drops.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(1);
  });
});

needs('root').describe('tools for libraries', () => {
  it('bashreadline shows what is typed', async () => {
    const { stdout } = await tool(
      'bashreadline',
      `printf 'echo typed words\\nexit\\n' | script -qc 'bash --norc -i' /dev/null`,
    );
    expect(linesLike(stdout, /^[\d:]+ +\d+ +echo typed words$/)).toHaveLength(1);
  });

  it('gethostlatency times a look-up', async () => {
    const { stdout } = await tool('gethostlatency', 'getent ahosts localhost');
    expect(linesLike(stdout, / getent +\d+\.\d{3} localhost$/).length).toBeGreaterThanOrEqual(1);
  });

  it('threadsnoop shows new threads', async () => {
    const { stdout } = await tool('threadsnoop', `${process.execPath} -e 0`);
    expect(linesLike(stdout, /^[\d:]+ +\d+ +node +\S+$/).length).toBeGreaterThanOrEqual(1);
  });

  it('mallocs keeps to one process', async () => {
    const { stdout } = await tool('mallocs', '', {
      parameters: [String(process.pid)],
      workload: () => shell('true'),
    });
    expect(total(histogram(stdout, '@size'))).toBeGreaterThan(0);
    expect(stackEntries(stdout, '@bytes').length).toBeGreaterThan(0);
  });

  it.each(['mallocs', 'loads'])('%s says which parameter it needs', async (name) => {
    const { stdout, status } = await tool(name, 'true', { signal: 'none' });
    expect(status).toBe(2);
    expect(stdout).toMatch(/^needs /);
  });
});
