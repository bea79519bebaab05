/** `bpfscript explore`: a script beside what it became, as one page. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measuredCosts, readCost, verifierLines } from '../../../compiler/exploration/host.ts';
import { assemblyLines, irLines, lineCosts } from '../../../compiler/exploration/listings.ts';
import { type Browser, openBrowser } from '../../support/browser.ts';
import { compileText } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';
import { needs } from '../../support/needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'bpfscript-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT = `// Counts <reads> & more.
tracepoint:syscalls:sys_enter_read {
  @start[tid] = nsecs;
}
tracepoint:syscalls:sys_exit_read /@start[tid]/ {
  @us = hist((nsecs - @start[tid]) / 1000);
  printf("%s </script><img src=x onerror=alert(1)>\\n", comm);
  delete(@start, tid);
}
`;

async function explored(text: string, ...flags: readonly string[]): Promise<string> {
  const output = join(folder, 'page.html');
  const result = await runHere(['explore', '-e', text, '-o', output, ...flags]);
  expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
  return output;
}

describe('Listings', () => {
  const compilation = compileText(SCRIPT);
  const symbols = new Set(compilation.typed?.probes.map(({ symbol }) => symbol));
  const isOfScript = (symbol: string): boolean => symbols.has(symbol);
  const assembly = assemblyLines(compilation.assembly?.() ?? '', isOfScript);

  it('know the line of the script that an instruction is of', () => {
    const linesOf = (name: string): ReadonlySet<number | undefined> =>
      new Set(assembly.filter(({ text }) => text.includes(name)).map(({ line }) => line));
    // The predicate reads what line 6 does.
    expect(linesOf('AT_start ll')).toEqual(new Set([3, 5, 8]));
    expect(linesOf('AT_us ll')).toEqual(new Set([6]));
    const deletes = assembly.filter(({ text }) => text.includes('call map_delete_elem'));
    expect(deletes.map(({ line }) => line)).toEqual([8]);
    const calls = irLines(compilation.ir?.() ?? '', isOfScript).filter(({ text }) =>
      text.includes('inttoptr (i64 3 to'),
    );
    expect(calls.map(({ line }) => line)).toEqual([8]);
  });

  it('give no line to functions that many places share', () => {
    const shared = assembly.findIndex(({ text }) => text === 'told_with_status');
    expect(shared).toBeGreaterThan(0);
    const behind = assembly.slice(shared + 1);
    const end = behind.findIndex(({ isHeading }) => isHeading);
    const own = end === -1 ? behind : behind.slice(0, end);
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter(({ line }) => line !== undefined)).toEqual([]);
    expect(assembly.filter(({ line }) => line === 1)).toEqual([]);
  });

  it('have the code alone: no directives, no metadata', () => {
    expect(assembly.filter(({ text }) => /^\s*[.#]/.test(text))).toEqual([]);
    const ir = irLines(compilation.optimisedIr?.() ?? '', isOfScript);
    expect(ir.filter(({ text }) => /^!|!dbg/.test(text))).toEqual([]);
  });

  it('count instructions, helpers and stack of a line', () => {
    const costs = lineCosts(assembly);
    const total = [...costs.values()].reduce((sum, { instructions }) => sum + instructions, 0);
    const expected = assembly
      .filter(({ text, line }) => line !== undefined && text.startsWith('  '))
      .reduce((sum, { text }) => sum + (text.endsWith(' ll') ? 2 : 1), 0);
    expect(total).toBe(expected);
    expect([...(costs.get(8)?.helpers ?? [])]).toContainEqual(['map_delete_elem', 1]);
    expect(costs.get(3)?.stack).toBeGreaterThanOrEqual(8);
    expect(costs.has(4)).toBe(false);
  });
});

describe('What a host said', () => {
  const sources = [{ name: '/some/where/x.bt', firstLine: 1, lines: ['a', '  b(1);', 'c'] }];

  it('is told from the verifier by file and line, and before Linux 6.10 by the text', () => {
    const log =
      'func#0 @0\n; b(1); @ x.bt:2\n1: (95) exit\n; c\n2: (95) exit\n; else @ x.bt:9\n3: x\n';
    expect(verifierLines(log, sources, () => 0).map(({ line }) => line)).toEqual([
      ...[undefined, 2, 2, 3, 3, undefined, undefined, undefined],
    ]);
    expect(
      verifierLines(log, sources, () => undefined).every(({ line }) => line === undefined),
    ).toBe(true);
  });

  it('is cut where no page could hold it', () => {
    const lines = verifierLines('x\n'.repeat(300_000), sources, () => 0);
    expect(lines).toHaveLength(200_001);
    expect(lines.at(-1)?.text).toBe('... 100001 more lines are left out');
  });

  it('is a cost for each probe, of the last line that has them', () => {
    const { typed, sources: all } = compileText(SCRIPT);
    if (!typed) throw new Error('the script has errors');
    const line = (events: number): string =>
      `{"type": "cost", "data": [{"probe": "tracepoint:syscalls:sys_exit_read", "events": ${events}, "ns": 5000}], "elapsed": 1, "loader": 1}\n`;
    const rows = readCost(`{"type": "map", "data": {}}\n${line(1)}${line(10)}`);
    expect([...measuredCosts(rows ?? [], typed, all)]).toEqual([[5, '10 events of 500 ns']]);
    for (const wrong of ['', '{"type": "cost"', '{"type": "cost", "data": [1]}'])
      expect(readCost(wrong)).toBeUndefined();
  });

  it('is a cost for all probes that share a program, whichever of them the host has', () => {
    const { typed, sources: all } = compileText(
      `config = { unstable_probe_lists = enable }
       for $f : ("a", "b", "c") {
         uprobe:/bin/x:$f { @ = count(); } }`,
    );
    if (!typed) throw new Error('the script has errors');
    for (const probe of [
      'uprobe:/bin/x:a and 2 more',
      'uprobe:/bin/x:b and 1 more',
      'uprobe:/bin/x:c',
    ])
      expect([...measuredCosts([{ probe, events: 2, ns: 6 }], typed, all)]).toEqual([
        [3, '2 events of 3 ns'],
      ]);
  });
});

describe('The page', () => {
  it('shows text as text, and lets no script run but its own', async () => {
    const html = readFileSync(await explored(SCRIPT), 'utf8');
    expect(html).toContain('Counts &lt;reads&gt; &amp; more.');
    expect(html).not.toContain('<img');
    expect(html.match(/<script>/g)).toHaveLength(1);
    expect(html).toMatch(/script-src 'sha256-[^']+'"/);
  });

  it('has tables of what the object holds', async () => {
    const html = readFileSync(await explored(SCRIPT), 'utf8');
    for (const title of ['Programs (2)', 'Maps (', 'Helpers (', 'Needed of the kernel ('])
      expect(html).toContain(`<summary>${title}`);
    expect(html).toContain('<td>AT_start</td><td>@start</td><td>hash</td>');
    expect(html).toMatch(/<td>ringbuf_\w+<\/td><td>\d+<\/td><td>\d+<\/td><td>5\.8<\/td>/);
  });

  it('is made of an object without its script, too', async () => {
    const object = join(folder, 'x.o');
    await runHere(['build', '-e', SCRIPT, '-o', object]);
    const { stdout, stderr, status } = await runHere(['inspect', '--html', object]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('data-title="manifest"');
    expect(stdout).not.toContain('data-title="script"');
    expect(stdout).toContain('<td>AT_start</td><td>@start</td><td>hash</td>');
    expect(stdout).not.toContain('<img');
  });

  it('is not written for a script with errors, nor with measurements that are none', async () => {
    const output = join(folder, 'none.html');
    const wrong = await runHere(['explore', '-e', 'begin { $x', '-o', output]);
    expect(wrong.status).toBe(1);
    writeFileSync(join(folder, 'no-cost'), 'nothing\n');
    const { stderr, status } = await runHere([
      ...['explore', '-e', 'begin { exit(); }', '-o', output, '--cost', join(folder, 'no-cost')],
    ]);
    expect(stderr).toMatch(/^ERROR: --cost: \S+ has no line of type cost\nHINT: /);
    expect(status).toBe(1);
    expect(existsSync(output)).toBe(false);
  });
});

needs('chromium').describe('In a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it('a click on a line marks what belongs to it in all columns', async () => {
    const page = await browser.open(await explored(SCRIPT));
    await page.click('.column:first-child [data-l]', 'delete(@start, tid);');
    const marked = (await page.evaluate(
      '[...document.querySelectorAll(".column")].map((column) => [column.dataset.title, [...column.querySelectorAll(".on")].map((each) => each.textContent).join("\\n")])',
    )) as readonly (readonly [string, string])[];
    const of = new Map(marked);
    expect([...of.keys()]).toEqual(['script', 'typed tree', 'IR', 'optimised IR', 'BPF']);
    expect(of.get('typed tree')).toContain('call delete @start');
    expect(of.get('IR')).toContain('inttoptr (i64 3 to');
    expect(of.get('optimised IR')).toContain('inttoptr (i64 3 to');
    expect(of.get('BPF')).toContain('call map_delete_elem');
    expect(of.get('BPF')).not.toContain('call get_current_comm');
    // From another column, too.
    await page.click('.column[data-title=BPF] [data-l]', 'call get_current_comm');
    expect(await page.evaluate('document.querySelector(".column .on").textContent')).toContain(
      'printf(',
    );
    expect(await page.evaluate('location.hash')).toBe('#L7');
    expect(page.noises).toEqual([]);
  });

  it('columns can be left out, and text found', async () => {
    const page = await browser.open(await explored(SCRIPT));
    await page.click('header input[value="2"]');
    expect(
      await page.evaluate(
        'getComputedStyle(document.querySelector(".column[data-title=IR]")).display',
      ),
    ).toBe('none');
    await page.click('#find');
    await page.type('map_delete');
    const hits = await page.evaluate('document.querySelectorAll(".hit").length');
    expect(await page.evaluate('document.getElementById("told").textContent')).toBe(
      `${hits} lines`,
    );
    expect(hits).toBeGreaterThan(0);
    expect(page.noises).toEqual([]);
  });
});
