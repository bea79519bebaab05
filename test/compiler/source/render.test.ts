/** The forms of diagnostics that programs read. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type DiagnosticForm, RENDERERS } from '../../../compiler/source/render/render.ts';
import { createSources, type Sources } from '../../../compiler/source/sources.ts';

const TEXT = 'BEGIN\n{\n\t$𝄞 = nope;\n}\nmacro m() { 1 }\n';
const OPTIONS = { color: false, version: '1.2.3' };

function rangeOf(text: string): { start: number; end: number } {
  const start = TEXT.indexOf(text);
  return { start, end: start + text.length };
}

function render(form: DiagnosticForm, name = 'my tools/a.bt', expanded = false): string {
  const sources: Sources = createSources({ name, text: TEXT });
  const shift = expanded ? sources.expand(rangeOf('{ 1 }'), rangeOf('nope')) : 0;
  const one = rangeOf('1');
  const diagnostics = [
    {
      severity: 'error',
      code: 'unknown-identifier',
      message: "Unknown identifier: 'nope', 100%",
      range: rangeOf('nope'),
      hints: ['first', 'second'],
      fixes: [
        { range: rangeOf('nope'), text: 'none', old: 'nope' },
        { range: rangeOf('nope'), text: 'wrong', old: 'other' },
      ],
    },
    {
      severity: 'warning',
      code: 'discarded-value',
      message: 'over lines',
      range: rangeOf('BEGIN\n{'),
    },
    ...(expanded
      ? ([
          {
            severity: 'error',
            code: 'type-mismatch',
            message: 'in a macro',
            range: { start: one.start + shift, end: one.end + shift },
          },
        ] as const)
      : []),
    { severity: 'error', code: 'no-probes', message: 'nowhere' },
  ] as const;
  return RENDERERS[form]([{ diagnostics, sources }], OPTIONS);
}

describe('diagnostics as text', () => {
  it('have place, source, marker and hints [OUT-056]', () => {
    expect(render('text')).toBe(
      [
        "my tools/a.bt:3:7-11: ERROR: Unknown identifier: 'nope', 100%",
        '    $𝄞 = nope;',
        '         ~~~~',
        'HINT: first',
        'HINT: second',
        'my tools/a.bt:1-2: WARNING: over lines',
        'BEGIN',
        '{',
        'ERROR: nowhere',
        '',
      ].join('\n'),
    );
  });

  it('have no characters that a terminal obeys, wherever these come from', () => {
    const sources = createSources({
      name: 'a\u001b[31m.bt',
      text: '\tx \u001b]0;t\u0007 \u009b1m\u202e\u2066',
    });
    const text = RENDERERS.text(
      [
        {
          diagnostics: [
            {
              ...{ severity: 'error', code: 'syntax-error', message: 'unexpected \u001b' },
              ...{ range: { start: 1, end: 2 }, hints: ['without \u0007'] },
            },
          ],
          sources,
        },
      ],
      { ...OPTIONS, color: false },
    );
    expect(text).toBe(
      'a?[31m.bt:1:2-3: ERROR: unexpected ?\n    x ?]0;t? ?1m??\n    ~\nHINT: without ?\n',
    );
  });

  it('have the uses of macros behind the hints', () => {
    expect(render('text', 'a.bt', true)).toContain(
      'a.bt:5:13-14: ERROR: in a macro\nmacro m() { 1 }\n            ~\na.bt:3:7-11: expanded from\n    $𝄞 = nope;\n         ~~~~\n',
    );
  });
});

describe('diagnostics as JSON', () => {
  const schema: unknown = JSON.parse(readFileSync('docs/diagnostics.schema.json', 'utf8'));
  if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object');
  const validate = new Ajv2020({ allErrors: true }).compile(schema);

  it('are one object a line that the schema describes', () => {
    const lines = render('json', 'a.bt', true).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(validate(JSON.parse(line)), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(validate({ type: 'diagnostic', data: { severity: 'fatal' } })).toBe(false);
  });

  it('have the place in characters, hints and uses of macros', () => {
    const [first, , third] = render('json', 'a.bt', true).split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      type: 'diagnostic',
      data: {
        severity: 'error',
        code: 'unknown-identifier',
        message: "Unknown identifier: 'nope', 100%",
        location: {
          file: 'a.bt',
          start: { line: 3, column: 7 },
          end: { line: 3, column: 11 },
        },
        hints: ['first', 'second'],
        fixes: [
          {
            location: {
              file: 'a.bt',
              start: { line: 3, column: 7 },
              end: { line: 3, column: 11 },
            },
            text: 'none',
          },
        ],
        expanded_from: [],
      },
    });
    expect(JSON.parse(third ?? '')).toMatchObject({
      data: {
        location: { start: { line: 5, column: 13 } },
        expanded_from: [{ file: 'a.bt', start: { line: 3, column: 7 } }],
      },
    });
  });
});

describe('diagnostics as SARIF', () => {
  it('are a log with one run, its tool and its results', () => {
    expect(JSON.parse(render('sarif', 'my tools/a.bt', true))).toMatchObject({
      $schema: expect.stringMatching(/^https:\/\/.*sarif.*2\.1\.0\.json$/),
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'bpfscript',
              semanticVersion: '1.2.3',
              rules: [
                { id: 'unknown-identifier', help: { text: expect.any(String) } },
                { id: 'type-mismatch' },
                { id: 'discarded-value', defaultConfiguration: { level: 'warning' } },
                { id: 'no-probes' },
              ],
            },
          },
          columnKind: 'unicodeCodePoints',
          results: [
            {
              ruleId: 'unknown-identifier',
              level: 'error',
              fixes: [
                {
                  artifactChanges: [
                    {
                      artifactLocation: { uri: 'my%20tools/a.bt' },
                      replacements: [
                        {
                          deletedRegion: {
                            startLine: 3,
                            startColumn: 7,
                            endLine: 3,
                            endColumn: 11,
                          },
                          insertedContent: { text: 'none' },
                        },
                      ],
                    },
                  ],
                },
              ],
              message: { text: "Unknown identifier: 'nope', 100%\nHINT: first\nHINT: second" },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'my%20tools/a.bt' },
                    region: { startLine: 3, startColumn: 7, endLine: 3, endColumn: 11 },
                  },
                },
              ],
            },
            {
              level: 'warning',
              locations: [
                { physicalLocation: { region: { startLine: 1, endLine: 2, endColumn: 2 } } },
              ],
            },
            {
              message: { text: 'in a macro' },
              relatedLocations: [
                {
                  message: { text: 'expanded from' },
                  physicalLocation: { region: { startLine: 3, startColumn: 7 } },
                },
              ],
            },
            { level: 'error', message: { text: 'nowhere' }, locations: [] },
          ],
        },
      ],
    });
  });

  it('name absolute files by their URL, and say so when there is nothing to say', () => {
    expect(render('sarif', '/srv/a b#1.bt')).toContain('"uri": "file:///srv/a%20b%231.bt"');
    expect(JSON.parse(RENDERERS.sarif([], OPTIONS))).toMatchObject({ runs: [{ results: [] }] });
  });
});

describe('diagnostics as workflow commands', () => {
  it('escape what would end a command or a property', () => {
    expect(render('github', 'a,b:c%.bt', true).split('\n')).toEqual([
      "::error file=a%2Cb%3Ac%25.bt,line=3,endLine=3,col=7,endColumn=10,title=unknown-identifier::Unknown identifier: 'nope', 100%25%0AHINT: first%0AHINT: second",
      '::warning file=a%2Cb%3Ac%25.bt,line=1,endLine=2,title=discarded-value::over lines',
      '::error file=a%2Cb%3Ac%25.bt,line=5,endLine=5,col=13,endColumn=13,title=type-mismatch::in a macro%0Aexpanded from a,b:c%25.bt:3:7',
      '::error title=no-probes::nowhere',
      '',
    ]);
  });
});
