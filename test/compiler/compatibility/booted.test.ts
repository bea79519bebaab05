/** What the loader said in a guest, in the words of a check. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { booted, tracedFiles } from '../../../compiler/compatibility/booted.ts';
import { openObject } from '../../../compiler/compatibility/object.ts';
import { build, temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
const objectOf = (script: string) => openObject(build(script, { unsafe: true }));
const plain = objectOf('begin { exit(); }');
const of = (status: number, said: string, object = plain) => {
  const { release, loads, findings } = booted(object, '6.1.0', { status, said });
  expect([release, findings.length]).toEqual(['6.1.0', 1]);
  return { loads, ...findings[0] };
};

describe('An object that was booted', () => {
  it('loads where the loader ended well, whatever it said', () => {
    expect(of(0, 'ERROR: nothing')).toEqual({
      ...{ loads: true, kind: 'boot', name: 'bpfload', verdict: 'ok' },
    });
  });

  it('is refused in the words of the loader, with its place and its hint', () => {
    expect(of(3, 'x\ntool.bt:7:3-9: ERROR: no such thing\nHINT: do without\n')).toEqual({
      ...{ loads: false, kind: 'boot', name: 'bpfload', verdict: 'refused' },
      ...{ reason: 'no such thing', hint: 'do without' },
      place: { file: 'tool.bt', line: 7, column: 0 },
    });
    expect(of(3, 'tool.bt:7: ERROR: short')).toMatchObject({
      ...{ reason: 'short', place: { file: 'tool.bt', line: 7 } },
    });
    const bare = of(1, 'ERROR: without a place');
    expect(bare).toMatchObject({ reason: 'without a place', verdict: 'refused' });
    expect([bare.place, 'hint' in bare]).toEqual([undefined, false]);
    expect(of(139, 'nothing')).toMatchObject({ reason: 'bpfload ended with status 139.' });
  });

  it('is not known of where a guest lacks what it traces', () => {
    const lacking = (script: string) => of(3, 'ERROR: not there', objectOf(script));
    expect(lacking('hardware:cache-misses:100 { @ = count(); }')).toMatchObject({
      ...{ loads: true, verdict: 'unknown' },
      reason: 'hardware:cache-misses:100 cannot be tried in a guest: not there',
    });
    expect(lacking('kprobe:vfs_read { @ = count(); }')).toMatchObject({ verdict: 'refused' });
    expect(lacking(`kprobe:vfs_read { } uprobe:/bin/sh:main { @ = count(); }`)).toMatchObject({
      verdict: 'refused',
    });
  });
});

describe('Files that a guest gets', () => {
  it('are plain ones of a size that it has room for, named whole', () => {
    const files = ['small', 'large'].map((name) => join(folder, name));
    for (const file of files) writeFileSync(file, '');
    mkdirSync(join(folder, 'folder'));
    const [small = '', large = ''] = files;
    const traced = (path: string) => {
      const object = objectOf('uprobe:/bin/sh:main { @ = count(); }');
      const probes = JSON.parse(
        JSON.stringify(object.manifest.probes).replaceAll('"/bin/sh"', JSON.stringify(path)),
      );
      return tracedFiles({ ...object, manifest: { ...object.manifest, probes } });
    };
    expect(traced('/bin/sh')).toEqual(['/bin/sh']);
    expect(traced(small)).toEqual([small]);
    truncateSync(large, 2 ** 26);
    expect(traced(large)).toEqual([large]);
    truncateSync(large, 2 ** 26 + 1);
    expect(traced(large)).toEqual([]);
    for (const path of [join(folder, 'folder'), join(folder, 'gone'), `${folder}/sm*`, 'sh'])
      expect(traced(path)).toEqual([]);
    expect(tracedFiles(plain)).toEqual([]);
  });
});
