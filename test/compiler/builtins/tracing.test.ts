/** Functions that only some programs can call, and the values of a probe that others do not have. */

import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';
import { errors, warnings } from '../../support/diagnostics.ts';

const RAW = 'rawtracepoint:net_dev_queue';

describe('socket_cookie', () => {
  it('takes a pointer to struct sock alone [FUN-038]', () => {
    expect(errors(`${RAW} { print(socket_cookie(args.skb)); }`)).toEqual([
      'socket_cookie() expects a struct sock * (struct sk_buff * provided) @ args.skb',
    ]);
    expect(errors(`${RAW} { print(socket_cookie(1)); }`)[0]).toContain('(integer provided) @ 1');
    expect(errors('rawtracepoint:inet_sock_set_state { print(socket_cookie(args.sk)); }')).toEqual(
      [],
    );
  });

  it('needs a tracing program, and a pointer whose type the kernel knows', () => {
    expect(errors('kprobe:vfs_read { print(socket_cookie((struct sock *)arg0)); }')[0]).toContain(
      'socket_cookie can not be used with "kprobe" probes',
    );
    expect(errors(`${RAW} { print(socket_cookie((struct sock *)pid)); }`)).toEqual([
      'the kernel takes a pointer here only where it can tell its type @ (struct sock *)pid',
    ]);
  });
});

describe('skboutput', () => {
  it('takes a path, a packet and two numbers', () => {
    expect(errors(`${RAW} { skboutput(comm, args.skb, 1, 0); }`)).toHaveLength(1);
    expect(errors(`${RAW} { skboutput("", args.skb, 1, 0); }`)[0]).toContain('the path of a file');
    expect(errors(`${RAW} { skboutput("x", args.skb.dev, 1, 0); }`)[0]).toContain(
      'skboutput() expects a struct sk_buff * as skb (struct net_device * provided)',
    );
    expect(errors(`${RAW} { skboutput("x", args.skb, comm, 0); }`)[0]).toContain(
      'skboutput() expects an integer as length',
    );
    expect(errors(`${RAW} { skboutput("x", args.skb, 1); }`)[0]).toContain('requires 4 arguments');
    expect(errors('interval:s:1 { skboutput("x", (struct sk_buff *)1, 1, 0); }')[0]).toContain(
      'skboutput can not be used with "interval" probes',
    );
  });
});

describe('path', () => {
  it('is there in fentry, fexit and iter only', () => {
    expect(errors('kprobe:vfs_read { print(path(((struct file *)arg0).f_path)); }')[0]).toContain(
      'path can not be used with "kprobe" probes',
    );
    expect(errors(`${RAW} { print(path(1)); }`)[0]).toContain(
      'path() expects a struct path or a struct path * as path (integer provided)',
    );
  });

  it('is there in the functions that the kernel allows it in, and takes a size', () => {
    expect(errors('fentry:vfs_read { print(path(args.file.f_path)); }')[0]).toContain(
      'the kernel does not allow path() in vfs_read',
    );
    expect(errors('fentry:vfs_fallocate { print(path(args.file.f_path, 0)); }')).toEqual([
      'path() expects an integer literal of at least 1 as size (0 provided) @ 0',
    ]);
    expect(errors('fexit:vfs_fallocate { print(path(args.file)); }')[0]).toContain(
      '(struct file * provided)',
    );
    expect(warnings('fexit:vfs_fallocate { print(path(args.file.f_path, 5000)); }')[0]).toContain(
      'size param (5000) is too long and will be shortened to 1024 bytes',
    );
  });
});

describe('retval', () => {
  it('is an error where functions begin, and in events [PRB-067]', () => {
    for (const probe of ['kprobe:vfs_read', 'uprobe:/bin/sh:main', 'tracepoint:sched:sched_switch'])
      expect(errors(`${probe} { print(retval); }`)).toEqual([
        `retval can not be used with "${probe.slice(0, probe.indexOf(':'))}" probes @ retval`,
      ]);
    expect(errors('kretprobe:vfs_read, uretprobe:/bin/sh:main { print(retval); }')).toEqual([]);
  });
});

describe('The program of a tracepoint', () => {
  /** Numbers that `r0` is set to last before each exit of the program. */
  function results(script: string): readonly string[] {
    const lines = (compileText(script).assembly?.().toString() ?? '').split('\n');
    return lines.flatMap((line, index) => {
      if (line.trim() !== 'exit') return [];
      const before = lines.slice(0, index).findLast((one) => /^\s+[rw]0 = /.test(one));
      return [before?.trim() ?? ''];
    });
  }

  it('returns 1, for others who use the same event [PRB-026]', () => {
    const found = results('tracepoint:sched:sched_switch { @ = count(); }');
    expect(found.length).toBeGreaterThan(0);
    for (const result of found) expect(result).toMatch(/^[rw]0 = 1$/);
    for (const result of results('rawtracepoint:sched_switch { @ = count(); }'))
      expect(result).toMatch(/^[rw]0 = 0$/);
  });
});

describe('fentry and fexit of functions that helpers call', () => {
  const notice = (name: string) =>
    `Attaching to dangerous function: ${name}. While a program of this script runs on a CPU, no other one does, so events may be lost.`;

  it('are warned of [PRB-070] [PRB-076]', () => {
    expect(warnings('fentry:_raw_spin_lock { @ = count(); }')).toEqual([
      `${notice('_raw_spin_lock')} @ fentry:_raw_spin_lock`,
    ]);
    expect(warnings('fexit:_raw_spin_lock* { @ = count(); }')).toEqual([
      `${notice('_raw_spin_lock')} @ fexit:_raw_spin_lock*`,
      `${notice('_raw_spin_lock_irqsave')} @ fexit:_raw_spin_lock*`,
    ]);
    expect(warnings('kprobe:_raw_spin_lock, fentry:vfs_read { @ = count(); }')).toEqual([]);
  });

  it('give every program of the script the word that keeps them apart [PRB-076]', () => {
    const uses = (script: string): readonly number[] => {
      const functions = (compileText(script).ir?.() ?? '')
        .split(/^define /m)
        .filter((text) => /^[^\n]* section "/.test(text));
      return functions.map((text) => text.match(/call .*@"running"/g)?.length ?? 0);
    };
    for (const count of uses(
      'fentry:_raw_spin_lock { @ = count(); } tracepoint:sched:sched_switch, interval:s:1 { @b = 1; }',
    ))
      expect(count).toBeGreaterThan(0);
    expect(uses('fentry:$1 { @ = count(); }')).toEqual([1]);
    expect(uses('fentry:vfs_read { @ = count(); } interval:s:1 { @b = 1; }')).toEqual([0, 0]);
  });
});
