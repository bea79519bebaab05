/** Targets that the kernel description does not have, which the traced host may have. */
import { describe, expect, it } from 'vitest';
import { refusal, resolve, target } from './support.ts';

describe('what no description has', () => {
  const settled = (text: string, missingProbes: 'warn' | 'ignore', needsArgs = false) =>
    resolve(text, needsArgs, missingProbes);

  it('is a warning where missing_probes says so, and left to the host unless its types are asked for', () => {
    for (const text of ['t:sched:sched_swich', 'rt:sched_swich', 'fentry:vfs_raed']) {
      expect(settled(text, 'warn').targets).toHaveLength(1);
      expect(settled(text, 'warn').messages).toEqual([
        expect.stringContaining('it is looked for when the object is loaded'),
      ]);
      expect(settled(text, 'warn', true)).toMatchObject({
        targets: [],
        messages: [expect.stringMatching(/^No matches for .*\. Skipping\.$/)],
      });
    }
  });
  it('is nothing where missing_probes is ignore', () => {
    for (const text of ['t:sched:sched_swich', 'rt:sched_swich', 'fentry:vfs_raed', 'k:vfs_raed'])
      expect(settled(text, 'ignore')).toMatchObject({ targets: [{}], messages: [] });
    expect(settled('t:sched:sched_swich', 'ignore', true)).toMatchObject({
      targets: [],
      messages: [],
    });
  });
  it('names the commands that make a description which may have it', () => {
    const { hints } = resolve('tracepoint:a_module:an_event');
    expect(hints.join()).toContain('`bpfscript kernel add 6.18` makes');
    expect(hints.join()).toContain('for --kernel 6.18; `bpfscript kernel capture -o FILE`');
  });
  it('is a warning of a kprobe in any case, with the names that may be meant', () => {
    expect(resolve('kprobe:vfs_raed')).toMatchObject({
      targets: [{ section: 'kprobe/vfs_raed' }],
      messages: [
        'The kernel description has no kprobe vfs_raed: it is looked for when the object is loaded.',
      ],
      hints: ["Did you mean 'vfs_read'?"],
    });
    expect(resolve('kprobe:nothing_*').messages).toHaveLength(1);
    expect(resolve('kprobe:ext4:nothing').messages).toEqual([]);
    expect(resolve('kprobe:dummy_xmit').messages).toEqual([]);
  });
  it('leaves events of categories that no description has to the host, unless their fields are asked for', () => {
    const { targets, messages, hints } = resolve('tracepoint:btrfs:btrfs_sync_file');
    expect(targets).toMatchObject([
      {
        section: 'tracepoint/btrfs/btrfs_sync_file',
        target: { category: 'btrfs', event: 'btrfs_sync_file' },
      },
    ]);
    expect(messages).toEqual([
      'The kernel description has no tracepoint btrfs:btrfs_sync_file: it is looked for when the object is loaded.',
    ]);
    expect(hints).toEqual([expect.stringContaining('The kernel description is of Linux 6.18.0.')]);
    expect(resolve('tracepoint:btrfs:*').targets).toMatchObject([{ wildcard: true }]);
    for (const text of ['tracepoint:btrfs:btrfs_sync_file', 'tracepoint:btrfs:*'])
      expect(refusal(text, true)).toMatch(/^No matches for tracepoint btrfs:/);
  });

  it('is no event of a module whose types it has', () => {
    for (const text of ['rt:dummy:sched_wakeup', 'rt:dummy:sched_*'])
      expect(target(text, true)).toMatchObject({
        section: 'tp_btf',
        registers: 1,
        parameters: [{ name: 'device' }],
        target: { provider: 'rawtracepoint', module: 'dummy', event: 'sched_wakeup' },
      });
  });
});
