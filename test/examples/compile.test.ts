/** Every example, without a kernel: it compiles cleanly, explains itself and has a page. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatted } from '../compiler/format/support.ts';
import { build, diagnose } from '../support/build.ts';
import { names, PAGES, text } from './support.ts';

describe('the examples', () => {
  it('are the tools that most people look for', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  it('have a line each in the index of pages', () => {
    const index = readFileSync(join(PAGES, 'README.md'), 'utf8');
    expect(names.filter((name) => !index.includes(`[${name}](${name}.md)`))).toEqual([]);
  });
});

describe.each(names)('%s', (name) => {
  it('compiles against the embedded kernel without a word', () => {
    expect(diagnose(text(name))).toEqual([]);
    expect(build(text(name)).length).toBeGreaterThan(0);
  });

  it('is formatted as `bpfscript fmt` does it', () => {
    expect(formatted(text(name))).toBe(text(name));
  });

  it('says at its head what it shows', () => {
    expect(text(name)).toMatch(/^\/\/ [A-Z][^\n]*\.\n/);
  });

  it('has a page with how to run it and what it prints', () => {
    const page = join(PAGES, `${name}.md`);
    expect(existsSync(page)).toBe(true);
    const content = readFileSync(page, 'utf8');
    expect(content).toContain(`bpfscript build examples/${name}.bt`);
    expect(content).toMatch(/## Output\n[\s\S]*```\n[\s\S]+```/);
    expect(content).toContain('## Cost');
  });

  it('explains on its page the parameter that it takes', () => {
    const takes = text(name).includes('$1');
    const content = readFileSync(join(PAGES, `${name}.md`), 'utf8');
    expect(content.includes('`$1`')).toBe(takes);
  });
});
