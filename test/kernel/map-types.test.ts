/** Types of maps that the running kernel does not have. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DIGEST_SECTION, DIGEST_SIZE, digestOf } from '../../linker/digest.ts';
import { readElf } from '../../linker/elf/read.ts';
import { build, withFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER } from '../support/run.ts';

/** BPF_MAP_TYPE_HASH (include/uapi/linux/bpf.h), and a number that no kernel has. */
const HASH = 1;
const NO_TYPE = 200;
/** The first words of an array in BTF: no name, the kind, no size. */
const ARRAY = [0, 3 << 24, 0];

/** The object with another type for its maps of the type: types of maps are lengths of arrays in BTF. */
function withMapType(object: Uint8Array): Buffer {
  const changed = Buffer.from(object);
  const { sections } = readElf(object);
  const placeOf = (wanted: string) => {
    const found = sections.find(({ name }) => name === wanted);
    if (!found) throw new Error(`the object has no ${wanted}`);
    return { start: found.data.byteOffset - object.byteOffset, size: found.data.length };
  };
  const { start, size } = placeOf('.BTF');
  for (let at = start; at + 24 <= start + size; at += 4) {
    const words = [0, 4, 8].map((offset) => changed.readUInt32LE(at + offset));
    if (words.join() === ARRAY.join() && changed.readUInt32LE(at + 20) === HASH)
      changed.writeUInt32LE(NO_TYPE, at + 20);
  }
  const sum = placeOf(DIGEST_SECTION);
  expect(sum.size).toBe(DIGEST_SIZE);
  changed.set(digestOf(changed, sum.start), sum.start);
  return changed;
}

needs('root').describe('a map of a type that this kernel lacks', () => {
  it('is refused where the script uses it', () => {
    const object = withMapType(build('begin {\n  print(1); print(kstack); exit();\n}'));
    withFolder((folder) => {
      const file = join(folder, 'object.o');
      writeFileSync(file, object);
      const { stderr, status } = spawnSync(LOADER, [file], { encoding: 'utf8' });
      expect(stderr).toMatch(
        /^stdin:2:19: ERROR: This kernel \(\S+\) has no maps of type 200, which the script needs\.\n {2}print\(1\); print\(kstack\); exit\(\);\n {18}~+\n/,
      );
      expect(status).toBe(3);
    });
  });
});
