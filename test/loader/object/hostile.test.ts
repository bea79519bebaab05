/** Objects that nobody should trust: none of them may do more than earn an error message. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readElf } from '../../../linker/elf/read.ts';
import type { Manifest, ManifestMap } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import {
  BEGIN,
  closeWorkshop,
  digestPlace,
  END,
  manifestOf,
  openWorkshop,
  SYSCALLS,
  sign,
  TICK,
  writeScript,
} from './script.ts';
import { checkObjects, type Verdicts } from './verdicts.ts';

const workshop = openWorkshop();
afterAll(() => closeWorkshop(workshop));

const manifest = manifestOf(workshop, [BEGIN, SYSCALLS, TICK, END]);
const good = readFileSync(writeScript(workshop, 'good', manifest));
const digest = digestPlace(good);

const check = (objects: readonly Buffer[]): Verdicts => checkObjects(workshop.folder, objects);

/** Repeatable numbers below `limit` (a linear congruential generator). */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function signed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good);
  change(bytes);
  sign(bytes, digest);
  return bytes;
}

/** Takes the first letter off a section's name, in its header. */
function renameSection(bytes: Buffer, name: string): void {
  const headers = Number(bytes.readBigUInt64LE(40));
  const names = Number(bytes.readBigUInt64LE(headers + 64 * bytes.readUInt16LE(62) + 24));
  for (let index = 0; index < bytes.readUInt16LE(60); index++) {
    const header = headers + 64 * index;
    const at = names + bytes.readUInt32LE(header);
    if (bytes.toString('latin1', at, at + name.length + 1) !== `${name}\0`) continue;
    bytes.writeUInt32LE(bytes.readUInt32LE(header) + 1, header);
    return;
  }
  throw new Error(`no section ${name}`);
}

describe('a hostile object', () => {
  it('is refused wherever it is cut off', () => {
    const cuts: Buffer[] = [];
    for (let length = 0; length < good.length; length += 64) cuts.push(good.subarray(0, length));
    const verdicts = check(cuts);
    expect(verdicts).toMatchObject({ ok: 0, refused: cuts.length });
  });

  it('is refused wherever it is cut off, with the right digest', () => {
    const cuts: Buffer[] = [];
    for (let length = 64; length < good.length; length += 64) {
      const bytes = Buffer.from(good.subarray(0, length));
      sign(bytes, digest);
      cuts.push(bytes);
    }
    expect(check(cuts)).toMatchObject({ ok: 0, refused: cuts.length });
  });

  it('is refused after any flip of a bit, by its digest', () => {
    const next = numbers(1);
    const flips = Array.from({ length: 1000 }, () => {
      const bytes = Buffer.from(good);
      const at = next(bytes.length);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << next(8)), at);
      return bytes;
    });
    expect(check(flips)).toMatchObject({ ok: 0, refused: flips.length });
  });

  it('does no harm after any flip of bits, with the right digest', () => {
    const next = numbers(2);
    const flips = Array.from({ length: 1000 }, () =>
      signed((bytes) => {
        for (let count = 1 + next(4); count > 0; count--) {
          const at = next(bytes.length);
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << next(8)), at);
        }
      }),
    );
    const verdicts = check(flips);
    expect(verdicts.ok + verdicts.refused).toBeGreaterThanOrEqual(flips.length);
    expect(verdicts.refused).toBeGreaterThan(0);
  });

  it('does no harm when words of its tables hold extremes, with the right digest', () => {
    const next = numbers(3);
    const extremes = [0, 1, 7, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];
    const changed = Array.from({ length: 2000 }, () =>
      signed((bytes) => {
        const at = next(bytes.length / 4) * 4;
        bytes.writeUInt32LE(extremes[next(extremes.length)] ?? 0, at);
      }),
    );
    const verdicts = check(changed);
    expect(verdicts.ok + verdicts.refused).toBeGreaterThanOrEqual(changed.length);
    expect(verdicts.refused).toBeGreaterThan(0);
  });

  it('is refused without any of the sections that it needs', () => {
    for (const name of [
      '.BTF',
      '.maps',
      '.bss',
      '.rodata',
      '.bpfscript',
      '.bpfscript.sum',
      'raw_tp',
    ])
      expect(check([signed((bytes) => renameSection(bytes, name))]).refused, name).toBe(1);
  });
});

describe('a hostile manifest', () => {
  // Room for longer values, as white space.
  const room = 4096;
  const text = JSON.stringify(manifest);
  const padded = readFileSync(writeScript(workshop, 'padded', text + ' '.repeat(room)));
  const place = padded.indexOf(text, 0, 'latin1');
  const sum = digestPlace(padded);

  function withManifest(changed: string): Buffer {
    const bytes = Buffer.from(padded);
    bytes.write(changed.padEnd(text.length + room, ' '), place, 'latin1');
    sign(bytes, sum);
    return bytes;
  }

  /** Every way to put one of `values` in place of a part of the manifest, or to leave that part out. */
  function variants(values: readonly unknown[]): string[] {
    const found: string[] = [];
    const visit = (part: unknown, rebuild: (changed: unknown) => unknown): void => {
      for (const value of values) found.push(JSON.stringify(rebuild(value)));
      if (Array.isArray(part)) {
        part.forEach((item, index) => {
          visit(item, (changed) => rebuild(part.map((old, at) => (at === index ? changed : old))));
        });
      } else if (typeof part === 'object' && part !== null) {
        for (const [key, item] of Object.entries(part)) {
          found.push(JSON.stringify(rebuild({ ...part, [key]: undefined })));
          visit(item, (changed) => rebuild({ ...part, [key]: changed }));
        }
      }
    };
    visit(JSON.parse(text), (changed) => changed);
    return found;
  }

  it('does no harm with anything anywhere', () => {
    const objects = variants([
      null,
      true,
      -1,
      0,
      3,
      255,
      4294967295,
      'x',
      '',
      [],
      {},
      [[[{}]]],
    ]).map(withManifest);
    expect(objects.length).toBeGreaterThan(1000);
    const verdicts = check(objects);
    expect(verdicts.ok + verdicts.refused).toBeGreaterThanOrEqual(objects.length);
    expect(verdicts.refused).toBeGreaterThan(objects.length / 3);
  });

  it('is refused when a place lies outside its section', () => {
    const changed = [
      text.replace(/"present":\d+/, '"present":48'),
      text.replace(/"present":\d+/, '"present":4'),
      text.replace(/"control":\d+/, '"control":4096'),
      text.replace(/"sleeping":\d+/, '"sleeping":4294967288'),
      text.replace(/"filterPid":\d+/, '"filterPid":56'),
      text.replace(/"index":1,"as":"int","offset":\d+/, '"index":1,"as":"int","offset":52'),
      text.replace('"insn":2', '"insn":200'),
      text.replace('"insn":2', '"insn":3'),
      // Bits take one byte there, and what is read eight.
      text.replace(
        '{"offset":8,"type":{"kind":"int"',
        '{"offset":15,"bits":[0,8],"type":{"kind":"int"',
      ),
      text.replace(
        '"value":{"kind":"int","size":8,"signed":true}',
        '"value":{"kind":"record","size":8,"fields":[{"name":"p","offset":7,"bits":[0,8],"type":{"kind":"pointer"}}]}',
      ),
      text.replace(
        '"value":{"kind":"int","size":8,"signed":true}',
        '"value":{"kind":"tuple","size":8,"fields":[{"offset":7,"bits":[0,8],"type":{"kind":"int","size":8,"signed":true}}]}',
      ),
      // What a call calls is no number of the host: bpf_get_current_pid_tgid, here.
      text.replace('"insn":2,"site":"offset","value":88', '"insn":0,"site":"immediate","value":14'),
      text.replace('"program":"tick"', '"program":"flood_step"'),
      text.replace('"program":"tick"', '"program":"begin"'),
      text.replace('"map":"AT_seen"', '"map":"events"'),
      text.replace('"map":"AT_seen"', '"map":"begin"'),
      text.replace('"keySize":8', '"keySize":4'),
      text.replace('"kind":"hash"', '"kind":"percpu-hash"'),
      text.replace('"size":16,"fields":[{"offset":8', '"size":16,"fields":[{"offset":9'),
      text.replace('"size":16,"fields":[{"offset":8', '"size":16,"fields":[{"offset":0'),
      text.replace('"size":16,"fields":[{"offset":8', '"size":4,"fields":[{"offset":8'),
    ];
    for (const one of changed) expect(one).not.toBe(text);
    expect(check(changed.map(withManifest))).toMatchObject({ ok: 0, refused: changed.length });
  });

  it('is refused with sessions of other probes, programs or instructions', () => {
    const object = Buffer.from(
      build('kprobe:f { @ = 1; } kretprobe:f { @ = 2; } kprobe:g { @ = 3; }'),
    );
    const changed = [
      ['"entry":0', '"entry":1'],
      ['"entry":0', '"entry":2', '"exit":1', '"exit":9'],
      ['"exit":1', '"exit":0'],
      ['"exit":1', '"exit":2'],
      ['"insn":1', '"insn":0'],
      ['"insn":1', '"insn":9'],
      ['kprobe_f_1_session"', 'kprobe_f_1_sessioX"'],
    ].map((words) => {
      let text = object.toString('latin1');
      for (let at = 0; at < words.length; at += 2) {
        const [from = '', to = ''] = words.slice(at, at + 2);
        expect(text).toContain(from);
        text = text.replaceAll(from, to);
      }
      const bytes = Buffer.from(text, 'latin1');
      sign(bytes, digestPlace(bytes));
      return bytes;
    });
    expect(check([object])).toMatchObject({ ok: 1, refused: 0 });
    expect(check(changed)).toMatchObject({ ok: 0, refused: changed.length });
  });

  it('is refused with generations that are none, each for its reason', () => {
    const script = `config = { unstable_tseries = enable }
      begin { @s = count(); @k[1] = count(); @v = 1; @t = tseries(1, 1d, 5, "sum"); }
      interval:s:1 { printf("${'room'.repeat(100)}"); clear(@s); clear(@k); clear(@v); clear(@t); }`;
    const object = Buffer.from(build(script));
    const section = readElf(object).sections.find(({ name }) => name === '.bpfscript');
    const whole = Buffer.from(section?.data ?? []).toString();
    const original = JSON.parse(whole) as Manifest;
    const at = object.indexOf(whole);
    const changed = (name: string, change: (map: ManifestMap) => object): Buffer => {
      const maps = original.maps.map((map) =>
        map.name === name ? { ...map, ...change(map) } : map,
      );
      const bytes = Buffer.from(object);
      const events = original.events.map((event) =>
        event.kind === 'printf' ? { ...event, format: '' } : event,
      );
      const text = JSON.stringify({ ...original, events, maps });
      expect(text.length).toBeLessThanOrEqual(whole.length);
      bytes.write(text.padEnd(whole.length, ' '), at, 'latin1');
      sign(bytes, digestPlace(bytes));
      return bytes;
    };
    const next = (name: string, change: object): Buffer =>
      changed(name, (map) => ({ next: map.next?.map((store) => ({ ...store, ...change })) }));
    expect(check([object, changed('@s', () => ({}))])).toMatchObject({ ok: 2, refused: 0 });
    const cases = [
      [changed('@s', () => ({ generation: 4096 })), '@s: its generation lies outside .bss'],
      [changed('@s', () => ({ generation: 4 })), '@s: its generation lies outside .bss'],
      [changed('@s', () => ({ generation: undefined })), 'generation'],
      [changed('@s', () => ({ next: undefined })), 'next'],
      [changed('@s', () => ({ next: [] })), 'the generations of a map have different stores'],
      [changed('@s', (map) => ({ next: [...map.stores, ...map.stores] })), 'different stores'],
      [changed('@s', (map) => ({ next: map.stores })), '@s: its generations share a store'],
      [changed('@k', (map) => ({ next: map.stores })), '@k: its generations share a store'],
      [changed('@v', (map) => ({ next: map.stores })), '@v: its generations share a store'],
      [changed('@t', (map) => ({ next: map.stores })), '@t: its generations share a store'],
      [next('@k', { keySize: 16 }), '@k: its generations differ'],
      [next('@k', { valueSize: 16 }), '@k: its generations differ'],
      [next('@k', { kind: 'hash' }), '@k: its generations differ'],
      [next('@t', { entries: 2 }), '@t: its generations differ'],
      [next('@k', { map: 'x' }), "@k: there is no map 'x'"],
      [next('@v', { offset: 4096 }), '@v lies outside .bss'],
    ] as const;
    const verdicts = check(cases.map(([one]) => one));
    expect(verdicts).toMatchObject({ ok: 0, refused: cases.length });
    const lines = verdicts.messages.trim().split('\n');
    expect(lines).toEqual(cases.map(([, reason]) => expect.stringContaining(reason)));
  });

  it('is refused as JSON that is none, or is nested without end', () => {
    const changed = ['', '{', `${text}x`, '['.repeat(5000), text.replace('{', '{"version":1,')];
    expect(check(changed.map(withManifest))).toMatchObject({ ok: 0, refused: changed.length });
  });

  it('of another version names the loader that it wants [AOT-017]', () => {
    const verdicts = check([withManifest(text.replace('"version":1', '"version":2'))]);
    expect(verdicts).toMatchObject({ ok: 0, refused: 1 });
    expect(verdicts.messages).toContain('manifest version 2; this bpfload reads version 1');
    expect(verdicts.messages).toContain('test 1.0');
  });
});
