/** `--top`: the maps of a script on a terminal, which tmux is. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { COMMAND } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN, WORKLOAD } from '../support/run.ts';
import { openTerminal, type Terminal } from '../support/tmux.ts';

const NUMBERS = 'begin { @n["few"] = 3; @n["most"] = 100; @n["some"] = 20; }';
const LASTS = 'interval:s:1000 { }';
const SANE = /icanon\n.*echo\nREADY>\s*$/;
const ASK_FOR_MODES = "stty -a | tr ' ' '\\n' | grep -x -e icanon -e echo | sort -r";

needs('root', 'tmux').describe('--top', () => {
  const folder = temporaryFolder();
  let terminal: Terminal | undefined;

  const object = (name: string, script: string): string => {
    const path = join(folder, `${name}.o`);
    writeFileSync(path, build(script, { unsafe: true }));
    return path;
  };
  /** A command that a shell reads from a file: it may hold any bytes. */
  const command = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/bash\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const show = async (
    words: string,
    [columns, lines]: readonly [number, number] = [100, 30],
    loader = LOADER,
  ): Promise<Terminal> => {
    terminal = await openTerminal(columns, lines);
    terminal.enter(`${loader} --top ${words}; echo "status $?"`);
    return terminal;
  };
  const isLeft = async (shown: Terminal): Promise<void> => {
    shown.enter(`clear; ${ASK_FOR_MODES}`);
    await shown.until(SANE);
    expect(shown.screen().join('\n')).not.toContain('by value');
  };

  afterEach(() => {
    terminal?.close();
    terminal = undefined;
  });

  it('shows maps, sorts them by keys, and prints them as ever when q ends it', async () => {
    const path = object(
      'keys',
      `${NUMBERS} begin { @text["x"] = "words"; @both[1, "two"] = sum(5); @one = 7; } ${LASTS}`,
    );
    const shown = await show(path);
    const first = await shown.until(/@text/);
    expect(first).toMatch(/up 0:00:0\d {2}0 events {2}0 lost {2}every 1s {2}by value/);
    expect(first).toMatch(/VALUE +\/s\n +7 +\S+ +@one\n/);
    expect(first).toMatch(
      /VALUE +\/s +@n {2}3 keys\n +100 +\S+ +most\n +20 +\S+ +some\n +3 +\S+ +few\n/,
    );
    expect(first).toMatch(/SUM +\/s +@both {2}1 key\n +5 +\S+ +1, two\n/);
    expect(first).toMatch(/VALUE +@text {2}1 key\nwords +x\n/);
    shown.press('k');
    expect(await shown.until(/by key/)).toMatch(/ few\n.* most\n.* some\n/);
    shown.press('i');
    expect(await shown.until(/by key, reversed/)).toMatch(/ some\n.* most\n.* few\n/);
    shown.press('p', '+');
    await shown.until(/every 2s {2}by key, reversed {2}PAUSED/);
    shown.press('h');
    await shown.until(/quit, as Ctrl-C does/);
    shown.press('h', 'n', 'n');
    await shown.until((text) => text.includes('@both') && !text.includes('@n'));
    // Keys that send sequences are none; one right behind ESC is.
    shown.press('Up', 'F1', 'Escape', 'q');
    const left = await shown.until(/status 0/);
    expect(left.replace(/\n+/g, '\n')).toContain(
      '@both[1, two]: 5\n@n[few]: 3\n@n[some]: 20\n@n[most]: 100\n@one: 7\n@text[x]: words\n',
    );
    await isLeft(shown);
  });

  it('shows how much counts grow, and leaves maps as they are', async () => {
    const path = object(
      'rates',
      `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @calls[comm] = count(); @times[comm] = hist(cpu); }`,
    );
    const shown = await show(`-c '${WORKLOAD} comm grows storm 60000' ${path}`);
    await shown.until(/COUNT +\/s +@calls {2}1 key\n *\d+ +[1-9][\d.]* +grows\n/);
    const text = await shown.until(/\d+ +[1-9][\d.]* +\S+ +\S+ +\S+ +\d+\[\S+\]\d+ +grows/);
    const before = Number(/ *(\d+) +\S+ +grows/.exec(text)?.[1]);
    shown.press('q');
    const left = await shown.until(/status 0/);
    expect(Number(/@calls\[grows\]: (\d+)/.exec(left)?.[1])).toBeGreaterThanOrEqual(before);
  });

  it('keeps what is printed, warned of, or printed by commands, below the maps and for the end', async () => {
    const path = object(
      'printed',
      `${NUMBERS} interval:ms:100 /@done < 1/ { @done = 1; printf("said \\033[31mred\\033[0m\\n"); print((1, "two")); warnf("careful"); system("echo from a command"); }`,
    );
    const shown = await show(
      `--unsafe -c "sh -c 'echo child; echo complains >&2; sleep 1000'" ${path}`,
    );
    const text = await shown.until(
      (all) => /printed: the last 6 of 6 lines/.test(all) && /by value/.test(all),
    );
    for (const line of ['said red', '(1, two)', 'from a command', 'child', 'complains'])
      expect(text.split('\n')).toContain(line);
    expect(text).toContain('WARNING: careful');
    shown.press('q');
    const left = await shown.until(/status 0/);
    for (const line of ['said red', '(1, two)', 'from a command', 'child', 'complains'])
      expect(left.split('\n')).toContain(line);
    expect(left).toContain('@n[most]: 100');
  });

  it('lets nothing of a traced process reach the terminal, and cuts it at the edge', async () => {
    const path = object(
      'hostile',
      `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @who[comm] = count(); }
      tracepoint:syscalls:sys_enter_write /pid == cpid/ { @what[str(args.buf, 40)] = count(); }`,
    );
    const run = command(
      'hostile',
      `exec ${LOADER} --top -c $'${WORKLOAD} comm \\'a\\033[2J\\n\\u202eb\\' getppid 1 writetext 3 \\'\\346\\274\\242\\345\\255\\227\\233\\033]0;title\\007 is long\\' sleep 600000' ${path}`,
    );
    terminal = await openTerminal(30, 12);
    terminal.enter(run);
    const text = await terminal.until(/@what {2}1 key[\s\S]*@who {2}1 key/);
    expect(text).toContain('a\\x1b[2J\\n\\u202eb');
    expect(text).toMatch(/ 3 +\S+ {2}漢字\\x9b\\x1b\]0;tit?~\n/);
    expect(text.split('\n').every((line) => line.length <= 30)).toBe(true);
    terminal.press('C-c');
    await terminal.until(/READY>\s*$/);
  });

  it('shares the lines of the screen, says what is not shown, and follows its size', async () => {
    const path = object(
      'sizes',
      `begin { for $i : 0..50 { @a[$i] = $i; @b[$i] = $i; } @c[1] = 1; } ${LASTS}`,
    );
    const shown = await show(path, [80, 24]);
    const text = await shown.until(/@c {2}1 key/);
    // 24 lines: two of heading, a heading for each table, a row of @c, and 9 for each other.
    expect(text).toContain('@a  50 keys, 41 not shown');
    expect(text).toContain('@b  50 keys, 41 not shown');
    shown.resize(50, 7);
    expect(await shown.until(/@b {2}50 keys, 49 not shown/)).toContain('1 more tables');
    shown.press('n');
    await shown.until((all) => all.includes('@a  50 keys, 46 not shown') && !all.includes('@b'));
    shown.resize(20, 3);
    await shown.until((all) => /~$/m.test(all) && !all.includes('not shown'));
    shown.resize(80, 60);
    await shown.until(/@a {2}50 keys\n/);
    shown.press('q');
    await shown.until(/status 0/);
  });

  it('gives the terminal back whatever ends it, and when it is stopped', async () => {
    const path = object('ends', `${NUMBERS} ${LASTS}`);
    const exits = object('exits', `${NUMBERS} interval:ms:300 { exit(3); }`);
    const shown = await show(path);
    await shown.until(/@n {2}3 keys/);
    shown.press('C-c');
    await shown.until(/@n\[most\]: 100[\s\S]*status 0/);
    await isLeft(shown);
    shown.enter(`clear; ${LOADER} --top ${exits}; echo "status $?"`);
    await shown.until(/@n\[most\]: 100[\s\S]*status 3/);
    await isLeft(shown);
    for (const [signal, status] of [
      ['TERM', 0],
      ['SEGV', 139],
      ['QUIT', 131],
    ] as const) {
      shown.enter(`clear; ${LOADER} --top ${path}; echo "status $?"`);
      await shown.until(/@n {2}3 keys/);
      spawnSync('pkill', [`-${signal}`, '-f', `^${LOADER} --top ${path}`]);
      await shown.until(new RegExp(`status ${status}`));
      await isLeft(shown);
    }
    shown.enter(`clear; ${LOADER} --top ${path}; echo "status $?"`);
    await shown.until(/@n {2}3 keys/);
    shown.press('C-z');
    await shown.until(/Stopped/);
    await isLeft(shown);
    shown.enter('fg');
    await shown.until(/@n {2}3 keys/);
    shown.press('q');
    await shown.until(/READY>\s*$/);
    await isLeft(shown);
  });

  it('draws nothing while it is in the background', async () => {
    const path = object('background', `${NUMBERS} ${LASTS}`);
    const shown = await show(path);
    await shown.until(/@n {2}3 keys/);
    shown.press('C-z');
    await shown.until(/Stopped/);
    shown.enter('clear; bg; sleep 2; echo two seconds');
    await shown.until(/^two seconds$/m);
    await isLeft(shown);
    shown.enter('fg');
    await shown.until(/@n {2}3 keys/);
    shown.press('q');
    await shown.until(/READY>\s*$/);
  });

  it('leaves keys alone that others are to read, and costs nothing meanwhile', async () => {
    const path = object('typed', `${NUMBERS} ${LASTS}`);
    const shown = await show(path);
    await shown.until(/@n {2}3 keys/);
    const pgrep = spawnSync('pgrep', ['-f', `^${LOADER} --top ${path}`], { encoding: 'utf8' });
    const cpuSeconds = (): number => {
      const stat = readFileSync(`/proc/${pgrep.stdout.trim()}/stat`, 'utf8');
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return (Number(user) + Number(system)) / 100;
    };
    shown.press('C-z');
    await shown.until(/Stopped/);
    const before = cpuSeconds();
    shown.enter('clear; bg; echo begun; sleep 3');
    await shown.until(/^begun$/m);
    shown.enter('echo typed ahead');
    await shown.until(/^typed ahead$/m);
    // Of three seconds.
    expect(cpuSeconds() - before).toBeLessThan(0.7);
    shown.enter('clear; fg');
    await shown.until(/@n {2}3 keys/);
    shown.press('q');
    await shown.until(/READY>\s*$/);
  });

  it('does it with the system calls that are left to it', async () => {
    const path = object('calls', `${NUMBERS} ${LASTS}`);
    const shown = await show(`-v ${path}`, [100, 30], LOADER_ASAN);
    await shown.until(/@n {2}3 keys/);
    shown.press('r', 'n', 'C-z');
    await shown.until(/Stopped/);
    shown.enter('fg');
    await shown.until(/@n {2}3 keys/);
    shown.press('q');
    await shown.until(/READY>\s*$/);
    shown.enter('clear; echo "status $?"');
    await isLeft(shown);
  });

  it('keeps up with maps of 100,000 keys', async () => {
    const path = object(
      'many',
      `config = { max_map_keys = 200000 } begin { for $i : 0..100000 { @many[$i] = $i; } } ${LASTS}`,
    );
    const shown = await show(path, [80, 10]);
    expect(await shown.until(/@many/)).toMatch(
      /@many {2}100000 keys, 99993 not shown\n99999 +\S+ +99999\n99998 /,
    );
    shown.press('i');
    await shown.until(/not shown\n +0 +\S+ +0\n/);
    shown.press('C-c');
    await shown.until(/status 0/);
  });

  it('is a flag of the command that compiles, too', async () => {
    terminal = await openTerminal(100, 30);
    terminal.enter(`node ${COMMAND} --top -e '${NUMBERS} ${LASTS}'`);
    await terminal.until(/@n {2}3 keys/);
    terminal.press('q');
    await terminal.until(/@n\[most\]: 100/);
  });

  it.each([
    ['', 'ERROR: --top draws on a terminal, and standard output is none.'],
    ['-o out', 'ERROR: --top does not go with -o'],
    ['-f json', 'ERROR: --top does not go with -f'],
    ['-f text -B full', 'ERROR: --top does not go with -B'],
    ['--dry-run', 'ERROR: --top does not go with --dry-run'],
    ['--test', 'ERROR: --top does not go with --test'],
  ])('refuses `%s` without a terminal, or beside it', (flags, message) => {
    const path = object('refused', `${NUMBERS} ${LASTS}`);
    const words = [...flags.split(' ').filter(Boolean), '--top', path];
    const result = spawnSync(LOADER, words, { encoding: 'utf8', cwd: folder });
    expect(result.stderr.split('\n')[0]).toBe(message);
    expect(result.status).toBe(2);
    const recorded = spawnSync(LOADER, ['record', '-o', 'x.rec', '--top', path], {
      encoding: 'utf8',
      cwd: folder,
    });
    expect(recorded.stderr).toContain('--top does not go with record');
    expect(recorded.status).toBe(2);
  });

  it('refuses scripts without maps, and terminals that cannot move their cursor', async () => {
    const path = object('maps', LASTS);
    const other = object('dumb', `${NUMBERS} ${LASTS}`);
    const shown = await show(path);
    await shown.until(/ERROR: --top shows maps, and the script has none\.[\s\S]*status 2/);
    shown.enter(`clear; TERM=dumb ${LOADER} --top ${other}; echo "status $?"`);
    await shown.until(/can move its cursor: TERM is dumb\.[\s\S]*status 2/);
  });
});
