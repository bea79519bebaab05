/** Probes, sessions and fixups in the manifest. */
import { type At, type Json, type Many, TAKEN, UINT32_MAX } from './manifest-parts.ts';

export function probes(at: At, many: Many): void {
  at('probes', [], 'there are no probes');
  at('probes.0.program', 'begun', "probe begin has no program 'begun'");
  // A function that other programs call, and data, are no programs.
  at('probes.0.program', 'flood_step', "probe begin has no program 'flood_step'");
  at('probes.0.program', 'sleeping', "probe begin has no program 'sleeping'");
  at('probes.0.program', 'end', "two probes share the program 'end'");
  at('probes.0.target', undefined, "probes[0]: 'target' is missing");
  at('probes.0.target', { provider: 'start' }, "probes[0]: provider 'start' is unknown");
  at('probes.0.column', 1, "probes[0]: 'endColumn' is missing");
  many('ok', { 'probes.0.column': 1, 'probes.0.endColumn': 2, 'probes.0.text': 0 });
  many('a line that is not there', {
    'probes.0.column': 1,
    'probes.0.endColumn': 2,
    'probes.0.text': 1,
  });
  // What is read whole turns out to be of another kind than the program.
  const target = (value: Json, reason: string, more: object = {}): void =>
    many(reason, { 'probes.0': { ...BEGIN_PROBE, ...more, target: value } });
  for (const provider of ['kprobe', 'kretprobe']) {
    const one = { provider, function: 'f', offset: 0 };
    target(one, TAKEN);
    target({ ...one, offset: UINT32_MAX }, TAKEN);
    target({ ...one, offset: UINT32_MAX + 1 }, "'offset' is out of range");
    target({ provider, function: 'f' }, "'offset' is missing");
    target({ provider, address: '1' }, TAKEN);
    target({ provider }, `a ${provider} of no form`);
    target({ ...one, address: '1' }, `a ${provider} of more than one form`);
  }
  for (const provider of ['uprobe', 'uretprobe']) {
    const one = { provider, path: '/x', function: 'f', offset: 0 };
    target(one, TAKEN);
    for (const name of ['path', 'function', 'offset'])
      target({ ...one, [name]: undefined }, `'${name}' is missing`);
    target({ ...one, language: 'cpp' }, TAKEN);
    target({ ...one, language: 'rust' }, "language 'rust' is unknown");
  }
  for (const provider of ['interval', 'profile']) {
    target({ provider, period: '1' }, TAKEN);
    target({ provider, frequency: '1' }, TAKEN);
    target({ provider }, `a ${provider} of no form`);
    target({ provider, period: '1', frequency: '1' }, `a ${provider} of more than one form`);
  }
  for (const [provider, ...names] of [
    ['test', 'name'],
    ['bench', 'name'],
    ['tracepoint', 'category', 'event'],
    ['rawtracepoint', 'event'],
    ['fentry', 'function'],
    ['fexit', 'function'],
    ['usdt', 'path', 'namespace', 'name'],
    ['software', 'event'],
    ['hardware', 'event'],
    ['iter', 'object'],
    ['watchpoint', 'address', 'length', 'mode'],
  ] as const) {
    const one = { provider, ...Object.fromEntries(names.map((name) => [name, '1'])) };
    target(one, provider === 'test' || provider === 'bench' ? 'ok' : TAKEN);
    for (const name of names) target({ ...one, [name]: undefined }, `'${name}' is missing`);
    for (const name of names) target({ ...one, [name]: 1 }, `'${name}' is of another kind`);
  }
  target({ provider: 'self', signal: 'SIGUSR1' }, 'ok');
  target({ provider: 'self', signal: 'SIGUSR2' }, "signal 'SIGUSR2' is unknown");
  target({ provider: 'iter', object: 'task', pin: 'x' }, TAKEN);
  target({ provider: 'iter', object: 'task', pin: '' }, "'pin' is empty");

  const pair = (from: object, to: object): Record<string, unknown> => ({
    'probes.0.target': { provider: 'kprobe', function: 'f', offset: 0, ...from },
    'probes.3.target': { provider: 'kretprobe', function: 'f', offset: 0, ...to },
  });
  const session = { program: 'syscalls', entry: 0, exit: 3, insn: 0 };
  const NO_PAIR = 'sessions[0] is not of a kprobe and a kretprobe';
  const sessions = [session];
  many('sessions[0] is at another instruction', { ...pair({}, {}), sessions });
  many(NO_PAIR, { ...pair({ module: 'm' }, {}), sessions });
  many(NO_PAIR, { ...pair({}, { offset: 4 }), sessions });
  many(NO_PAIR, { ...pair({}, {}), sessions: [{ ...session, entry: 4 }] });
  many(NO_PAIR, { ...pair({}, {}), sessions: [{ ...session, exit: 0 }] });
  many(NO_PAIR, { ...pair({}, {}), sessions: [{ ...session, entry: 3 }] });
  many('at another instruction', { ...pair({}, {}), sessions: [{ ...session, program: 'x' }] });
}

/** Makes `r0 = 0` of `w0 = 0`, and says which instruction of the program it is. */
export function clearing(code: Buffer): number {
  const at = code.indexOf(Buffer.from([0xb4, 0, 0, 0, 0, 0, 0, 0]));
  code.writeUInt8(0xb7, at);
  return at / 8;
}

export function sessions(many: Many, insn: number): void {
  const target = (provider: string): Json => ({ provider, function: 'f', offset: 0 });
  const one = { program: 'called', entry: 0, exit: 1, insn };
  const taken = (reason: string, ...list: readonly object[]): void =>
    many(reason, {
      'probes.0.target': target('kprobe'),
      'probes.1.target': target('kretprobe'),
      'probes.2.target': target('kprobe'),
      'probes.3.target': target('kretprobe'),
      sessions: list.map((change) => ({ ...one, ...change })),
    });
  const ANOTHER = 'sessions[1] has a probe of another session';
  taken(TAKEN, {});
  taken(TAKEN, {}, { entry: 2, exit: 3 });
  taken(ANOTHER, {}, { exit: 3 });
  taken(ANOTHER, {}, { entry: 2 });
  taken('sessions[0] is at another instruction', { insn: insn + 1 });
  taken('sessions[0] is at another instruction', { insn: 1000 });
}

const BEGIN_PROBE = { program: 'begin', name: 'begin', parameters: false, line: 1 };

/** The fixup of the object is of a load, the third instruction. */
export function fixups(at: At): void {
  at('fixups.0.program', 'x', 'fixups[0] is at no instruction');
  at('fixups.0.insn', 3, 'fixups[0] is at another instruction');
  at('fixups.0.value', 0x59, 'fixups[0] is at another instruction');
  at('fixups.0.value', 2 ** 31, "fixups[0]: 'value' is out of range");
  at('fixups.0.value', -(2 ** 31) - 1, "fixups[0]: 'value' is out of range");
  at('fixups.0.value', -(2 ** 31), 'fixups[0] is at another instruction');
  at('fixups.0.value', 2 ** 31 - 1, 'fixups[0] is at another instruction');
  at('fixups.0.site', 'shift', 'fixups[0] is at another instruction');
  at('fixups.0.site', 'register', "site 'register' is unknown");
  at('fixups.0.tracepoint.form', 'x', "form 'x' is unknown");
  at('fixups.0.tracepoint.text', 'x', "text 'x' is unknown");
  at('fixups.0.tracepoint', undefined, "fixups[0]: 'argument' is missing");
  const one = { program: 'syscalls', insn: 2, site: 'offset', value: 0x58 };
  at('fixups.0', { ...one, argument: { name: 'x', type: 1 } }, 'ok');
  at('fixups.0', { ...one, argument: { name: 'x' } }, "'type' is missing");
}
