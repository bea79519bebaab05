/** Kernel descriptions that nobody should trust: an error that says so, whatever is in them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { isDescriptionError } from '../../../compiler/kernel/error.ts';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { build, temporaryFolder } from '../../support/build.ts';
import { damagedBtf, typesIn } from '../../support/damage.ts';

const folder = temporaryFolder();
const IDENTITY = { release: '6.12', arch: 'x86_64' };
const SCRIPT = `begin { $t = (struct task_struct *)(uint64)4096; print(($t.pid, $t.in_execve, $t.se.load.weight, $t.thread.tls_array[1].base0));
  print((sizeof(struct task_struct), NR_VM_EVENT_ITEMS)); exit(); }`;
const types = typesIn(build(SCRIPT));

/** What the compiler makes of the script with a description: its messages, or that of the description. */
function outcome(description: Buffer): 'built' | 'refused' {
  const path = join(folder, 'kernel');
  writeFileSync(path, description);
  try {
    const { object } = compile(
      { name: 'stdin', text: SCRIPT },
      { kernel: loadKernelDescription(path), unsafe: false, environment: {} },
    );
    return object?.() ? 'built' : 'refused';
  } catch (error) {
    if (isDescriptionError(error)) return 'refused';
    throw error;
  }
}

function described(btf: Buffer): Buffer {
  return encodeKernelFile(IDENTITY, {
    btf,
    tracepoints: Buffer.from(''),
    functions: Buffer.from(''),
  });
}

describe('a description with damaged types', () => {
  it('is refused, or does no harm', () => {
    expect(outcome(described(types))).toBe('built');
    const outcomes = damagedBtf(types, 60, 815).map((btf) => outcome(described(btf)));
    expect(outcomes.filter((each) => each === 'refused').length).toBeGreaterThan(40);
  });
});

describe('a damaged description', () => {
  const whole = described(types);
  const body = 21 + whole.readUInt32LE(17);

  it('is refused where it is cut off', () => {
    for (const length of [0, 1, 16, 17, 19, 20, 21, 22, body - 1, body, body + 1])
      expect(outcome(Buffer.from(whole.subarray(0, length))), `cut at ${length}`).toBe('refused');
  });

  it('is refused, or does no harm, whichever byte of its head is another', () => {
    for (let at = 0; at < body; at += 5) {
      const copy = Buffer.from(whole);
      copy.writeUInt8(copy.readUInt8(at) ^ (at % 2 === 0 ? 0x01 : 0x10), at);
      expect(['built', 'refused']).toContain(outcome(copy));
    }
  });

  it('is refused where it claims to be larger or elsewhere than it is', () => {
    const text = whole.subarray(21, body).toString('utf8');
    for (const field of ['offset', 'size', 'unpacked'])
      for (const value of ['-1', '1e99', '0.5', '4294967296', '9007199254740991', 'null', '[]']) {
        const header = Buffer.from(
          text.replace(new RegExp(`"${field}":\\d+`), `"${field}":${value}`),
        );
        const length = Buffer.alloc(4);
        length.writeUInt32LE(header.length);
        const copy = Buffer.concat([whole.subarray(0, 17), length, header, whole.subarray(body)]);
        expect(outcome(copy), `${field} ${value}`).toBe('refused');
      }
  });
});
