/** Comments that say what maps are as metrics. */
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../linker/elf/read.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build, diagnose } from '../../support/build.ts';

function readManifest(object: Uint8Array): Manifest {
  const section = readElf(object).sections.find(({ name }) => name === '.bpfscript');
  return JSON.parse(Buffer.from(section?.data ?? []).toString()) as Manifest;
}

function metricOf(comment: string, body: string): unknown {
  const manifest = readManifest(build(`// bpfscript: metric ${comment}\nBEGIN { ${body} }`));
  return manifest.maps.find(({ metric }) => metric)?.metric;
}

function complaint(comment: string, body: string): string {
  const [diagnostic, ...more] = diagnose(`BEGIN { ${body} } // bpfscript: metric ${comment}`);
  expect(more).toEqual([]);
  expect(diagnostic?.code).toBe('invalid-metric');
  return diagnostic?.message ?? '';
}

describe('a comment on a metric', () => {
  it('gives name, help, unit and labels', () => {
    expect(
      metricOf(
        '@x calls_seconds_total counter "Time \\"in\\" calls." in us labels comm, cpu',
        '@x[comm, cpu] = sum((uint64)1);',
      ),
    ).toEqual({
      name: 'calls_seconds',
      type: 'counter',
      help: 'Time "in" calls.',
      unit: 'seconds',
      decimals: 6,
      labels: ['comm', 'cpu'],
    });
  });

  it('may stand in a comment of either kind, and leaves out what follows from the map', () => {
    const manifest = readManifest(
      build('BEGIN { @h[1, "a"] = hist(1); } /* bpfscript: metric @h h buckets 1..64 */'),
    );
    expect(manifest.maps[0]?.metric).toEqual({
      name: 'h',
      type: 'histogram',
      least: 1,
      most: 64,
      labels: ['key_1', 'key_2'],
    });
  });

  it('says which part of the key is a cgroup, whose containers are named', () => {
    expect(
      metricOf('@x m labels comm, cgroup containers cgroup', '@x[comm, cgroup] = 1;'),
    ).toMatchObject({ labels: ['comm', 'cgroup'], cgroup: 1 });
    expect(metricOf('@x m containers key', '@x[cgroup] = 1;')).toMatchObject({ cgroup: 0 });
    expect(metricOf('@x m containers group', '@x[(group = cgroup, cpu = cpu)] = 1;')).toMatchObject(
      { labels: ['group', 'cpu'], cgroup: 0 },
    );
  });

  it.each([
    ['@x = count()', 'counter'],
    ['@x = sum((uint64)1)', 'counter'],
    ['@x = sum(-1)', 'gauge'],
    ['@x = max(1)', 'gauge'],
    ['@x = 1', 'gauge'],
    ['@x = avg((uint64)1)', 'summary'],
    ['@x = stats(-1)', 'gauge'],
    ['@x = lhist(1, 0, 9, 3)', 'histogram'],
  ])('takes %s for a %s', (body, type) => {
    expect(metricOf('@x m', `${body};`)).toMatchObject({ type });
  });

  it.each([
    ['m', '@x = 1;', 'a metric begins with its map: metric @reads reads_total'],
    ['@y m', '@x = 1;', 'the script has no map @y'],
    ['@x', '@x = 1;', 'behind the map stands the name of the metric, of letters, digits, _ and :'],
    [
      '@x a-b',
      '@x = 1;',
      'behind the map stands the name of the metric, of letters, digits, _ and :',
    ],
    ['@x m', '@x = "text";', 'the values of @x are no metric'],
    ['@x m histogram', '@x = 1;', '@x cannot be a histogram, but a gauge or a counter'],
    [
      '@x m_bucket',
      '@x = 1;',
      'a gauge cannot be called m_bucket: the end of the name means something else',
    ],
    ['@x m in ns', '@x = 1;', 'the name of a metric in seconds ends with _seconds'],
    [
      '@x m in weeks',
      '@x = 1;',
      "behind 'in' stands what the script's numbers are: ns, us, ms, s, bytes, KiB, MiB, GiB, percent",
    ],
    ['@x m labels a', '@x[1, 2] = 1;', 'the key of @x has 2 parts, and 1 label is named'],
    ['@x m labels le', '@x[1] = 1;', 'the label le is taken by the format'],
    ['@x m labels a, a', '@x[1, 2] = 1;', 'the label a is there twice'],
    [
      '@x m labels __a',
      '@x[1] = 1;',
      'labels are names of letters, digits and _ that do not begin with __, with commas between them',
    ],
    ['@x m buckets 1..2', '@x = 1;', 'only a histogram has buckets'],
    [
      '@x m buckets 2..1',
      '@x = hist(1);',
      "behind 'buckets' stand the least and the greatest bound, as in 1000..1000000",
    ],
    ['@x m labels a containers b', '@x[1] = 1;', '@x has no label b'],
    ['@x m containers b', '@x = 1;', '@x has no label b'],
    [
      '@x m containers',
      '@x[1] = 1;',
      "behind 'containers' stands the label whose numbers are ids of cgroups",
    ],
    [
      '@x m labels comm containers comm',
      '@x[comm] = 1;',
      'comm is no id of a cgroup, which is a number of 64 bits, as cgroup is',
    ],
    [
      '@x m labels pod, cgroup containers cgroup',
      '@x[comm, cgroup] = 1;',
      'containers brings a label pod of its own',
    ],
    ['@x m "a" "b"', '@x = 1;', 'the help text is said twice'],
    ['@x m "a\0b"', '@x = 1;', 'a help text cannot hold a NUL'],
    ['@x m what', '@x = 1;', "'what' means nothing here"],
  ])('%s of %s is refused', (comment, body, message) => {
    expect(complaint(comment, body)).toBe(message);
  });

  it('gives a name to one map, and a map one name', () => {
    const script = (second: string) =>
      `BEGIN { @a = 1; @b = 1; }\n// bpfscript: metric @a m\n// bpfscript: metric ${second}`;
    expect(diagnose(script('@b m'))[0]?.message).toBe('another map is the metric m already');
    expect(diagnose(script('@a n'))[0]?.message).toBe('@a is a metric already');
  });
});
