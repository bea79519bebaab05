/** Functions and variables of the kernel that programs use by name. */
import { describe, expect, it } from 'vitest';
import { checkBytes } from '../../../compiler/compatibility/check.ts';
import type { Kernel } from '../../../compiler/kernel/description.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED, kernelWithout } from './kernels.ts';

const findings = (script: string, kernel: Kernel) =>
  checkBytes(build(script), kernel).findings.filter(({ kind }) =>
    ['kernel function', 'kernel variable'].includes(kind),
  );

describe('a variable of which each CPU has its own', () => {
  const SCRIPT = 'begin {\n  print(percpu_kaddr("runqueues")); }';
  const about = { kind: 'kernel variable', name: 'runqueues', place: { file: 'stdin', line: 2 } };

  it('is there by its name', () => {
    expect(findings(SCRIPT, EMBEDDED)).toMatchObject([{ ...about, verdict: 'ok' }]);
    expect(findings(SCRIPT, kernelWithout('runqueues'))).toMatchObject([
      {
        ...{ ...about, verdict: 'missing' },
        reason:
          'Could not resolve variable "runqueues" from BTF: this kernel has no per-CPU variable of that name and type.',
      },
    ]);
  });

  it('is nowhere in types without a list of them', () => {
    expect(findings(SCRIPT, kernelWithout('.data..percpu'))).toMatchObject([
      {
        ...{ ...about, verdict: 'missing' },
        reason:
          'percpu_kaddr() needs the kernel\'s per-CPU variables in its BTF, and this kernel\'s has none: "runqueues" cannot be found.',
      },
    ]);
  });
});

describe('a function of the kernel', () => {
  const SCRIPT = 'interval:s:1 {\n  print(comm(1)); }';

  it('is there, with the arguments that it is called with', () => {
    expect(findings(SCRIPT, EMBEDDED).map(({ name, verdict }) => [name, verdict])).toEqual([
      ['bpf_task_from_pid', 'ok'],
      ['bpf_task_release', 'ok'],
    ]);
  });

  it('that is not there is left out where the program asks first', () => {
    const without = findings(SCRIPT, kernelWithout('bpf_task_from_pid'));
    const place = { file: 'stdin', line: 2 };
    expect(without).toMatchObject([
      { name: 'bpf_task_release', verdict: 'ok', place },
      {
        ...{ name: 'bpf_task_from_pid', verdict: 'left out' },
        reason: 'This kernel has no function bpf_task_from_pid: the script goes on without.',
      },
    ]);
    // The program comes to this one, and has not asked for it.
    expect(findings(SCRIPT, kernelWithout('bpf_task_release'))).toMatchObject([
      { name: 'bpf_task_from_pid', verdict: 'ok', place },
      {
        ...{ name: 'bpf_task_release', verdict: 'missing', place },
        reason: 'This kernel has no function bpf_task_release, which the script calls.',
      },
    ]);
    expect(checkBytes(build(SCRIPT), kernelWithout('bpf_task_from_pid')).loads).toBe(true);
  });
});
