/**
 * The table of built-ins, in the order of the reference (docs/builtins). Aggregations (`count()` and the like)
 * are not in it: they are forms of assignment, which the analysis knows.
 */

import type { BuiltinTable } from '../analysis/builtin.ts';
import type { BuiltinCode } from '../lowering/builtin.ts';
import { kptr, uptr } from './address-space.ts';
import { macaddr, ntop, pton } from './addresses.ts';
import { args, ctx, numberedArguments, retval } from './args.ts';
import { bswap } from './bswap.ts';
import { buf } from './buf.ts';
import type { Builtin } from './builtin.ts';
import { cgroup, cgroupid, cgroupPath } from './cgroup.ts';
import { clear, zero } from './clear.ts';
import { comm } from './comm.ts';
import { config, defaultStrLength } from './config.ts';
import { cpid, hasCpid } from './cpid.ts';
import { cpu, ncpus, numaid } from './cpu.ts';
import { curtask, leaderComm, leaderTid, pcomm, ppid } from './curtask.ts';
import { debugf } from './debugf.ts';
import { deleteElement } from './delete.ts';
import { elfIsExe } from './elf-is-exe.ts';
import { enumExists, fieldExists, typeExists } from './existence.ts';
import { exit } from './exit.ts';
import { fail } from './fail.ts';
import { func } from './func.ts';
import { getopt } from './getopt.ts';
import { find, hasKey } from './has-key.ts';
import { join } from './join.ts';
import { kaddr } from './kaddr.ts';
import { kfuncAllowed, kfuncExist } from './kfunc.ts';
import { len } from './len.ts';
import { memcmp } from './memcmp.ts';
import { signalName, strerror, syscallName, username } from './names.ts';
import { elapsed, jiffies, nsecs } from './nsecs.ts';
import { override } from './override.ts';
import { path } from './path.ts';
import { percpuKaddr } from './percpu-kaddr.ts';
import { pid, tid } from './pid.ts';
import { predicates } from './predicates.ts';
import { print } from './print.ts';
import { cat, errorf, printf, system, warnf } from './printf.ts';
import { probe, probetype } from './probe.ts';
import { rand } from './rand.ts';
import { reg, usermode } from './registers.ts';
import { signal, signalThread } from './signal.ts';
import { skboutput } from './skboutput.ts';
import { socketCookie } from './socket-cookie.ts';
import { dwUstack, kstack, ustack } from './stacks.ts';
import { str } from './str.ts';
import { strConcat } from './str-concat.ts';
import { strcontains, strlen, strncmp, strstr } from './strings.ts';
import { ksym, usym } from './symbols.ts';
import { strftime, time } from './time.ts';
import { uaddr } from './uaddr.ts';
import { gid, uid } from './uid.ts';
import { unwatch } from './unwatch.ts';
import { writeUser } from './write-user.ts';

/** A group of built-ins, as the reference shows them. */
export interface Section {
  readonly title: string;
  readonly builtins: readonly Builtin[];
}

export const sections: readonly Section[] = [
  {
    title: 'The task',
    builtins: [
      pid,
      tid,
      uid,
      gid,
      username,
      comm,
      cgroup,
      cgroupid,
      cgroupPath,
      curtask,
      ppid,
      pcomm,
      leaderTid,
      leaderComm,
      cpid,
      hasCpid,
    ],
  },
  {
    title: 'The machine and the clock',
    builtins: [cpu, ncpus, numaid, nsecs, elapsed, jiffies, rand],
  },
  {
    title: 'The probe',
    builtins: [
      probe,
      probetype,
      func,
      args,
      ...numberedArguments,
      retval,
      ctx,
      reg,
      usermode,
      kstack,
      ustack,
      dwUstack,
    ],
  },
  {
    title: 'Output',
    builtins: [
      ...[printf, errorf, warnf, fail, print, time, strftime, join, cat, debugf, system, skboutput],
      exit,
      unwatch,
    ],
  },
  {
    title: 'Memory and strings',
    builtins: [
      str,
      buf,
      kptr,
      uptr,
      ksym,
      usym,
      uaddr,
      kaddr,
      percpuKaddr,
      strlen,
      strncmp,
      strcontains,
      strstr,
      strConcat,
      memcmp,
      bswap,
      ntop,
      pton,
      macaddr,
      strerror,
      signalName,
      syscallName,
      path,
      socketCookie,
    ],
  },
  {
    title: 'Maps',
    builtins: [deleteElement, hasKey, find, len, clear, zero],
  },
  {
    title: 'Changing what happens',
    builtins: [signal, signalThread, override, writeUser],
  },
  {
    title: 'Questions to the compiler',
    builtins: [...predicates, config, defaultStrLength],
  },
  {
    title: 'Parameters and the host',
    builtins: [getopt, fieldExists, typeExists, enumExists, kfuncExist, kfuncAllowed, elfIsExe],
  },
];

export const builtins: readonly Builtin[] = sections.flatMap((section) => section.builtins);

const byName: ReadonlyMap<string, Builtin> = new Map(
  builtins.map((builtin) => [builtin.name, builtin]),
);

const byOlderName: ReadonlyMap<string, Builtin> = new Map(
  builtins.flatMap((builtin) => builtin.legacyNames.map((name) => [name, builtin] as const)),
);

/** For the analysis. */
export const table: BuiltinTable = {
  builtins,
  find(name) {
    const builtin = byName.get(name);
    if (builtin) return { builtin, legacy: false };
    const older = byOlderName.get(name);
    return older && { builtin: older, legacy: true };
  },
};

/** For the lowering, which meets only names that the analysis has found. */
export function codeOf(name: string): BuiltinCode {
  const builtin = byName.get(name);
  if (!builtin) throw new Error(`there is no built-in ${name}`);
  return builtin;
}
