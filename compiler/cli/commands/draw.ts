import { basename, extname } from 'node:path';
import { type Command, Option } from 'commander';
import { type Findings, type FoundMap, isProblem, type Problem } from '../../drawing/findings.ts';
import { flameFile } from '../../drawing/flame.ts';
import { page } from '../../drawing/page.ts';
import { type Picture, type PictureOptions, pictures } from '../../drawing/pictures.ts';
import { readFindings } from '../../drawing/read.ts';
import { reasonOf, UserError } from '../errors.ts';
import { readInput, readWhole } from '../input.ts';
import { writeWhole } from '../output.ts';
import { EXIT } from '../status.ts';

interface DrawOptions {
  readonly output: string;
  readonly map?: string;
  readonly before?: string;
  readonly icicle?: boolean;
  readonly sum?: boolean;
  readonly increments?: boolean;
  readonly script?: string;
  readonly title?: string;
}

export function registerDraw(program: Command): void {
  program
    .command('draw')
    .summary('draw what a script printed')
    .description(
      'Draws flame graphs of stacks, histograms, heat maps and lines of what bpfload, `bpfscript run` or bpftrace printed.',
    )
    .argument(
      '<input>',
      'output of -f json2, json, folded or text, or of bpftrace; - is standard input',
    )
    .addOption(
      new Option(
        '-o, --output <file>',
        'a page with all pictures (.html), or one picture (.svg)',
      ).makeOptionMandatory(),
    )
    .option('--map <name>', 'only this map')
    .option('--before <file>', 'show how stacks changed since this other output')
    .option('--icicle', 'stacks hang from the top')
    .option('--sum', 'add up the stacks of all prints of a map, instead of drawing the last')
    .option('--increments', 'heat maps of what came since the print before')
    .option('--script <file>', 'show the script on the page')
    .option('--title <text>', 'instead of the name of the map or input')
    .addHelpText(
      'after',
      `
Examples:
  bpfload -f json2 profile.o > profile.json
  bpfscript draw profile.json -o profile.html --script profile.bt
  bpfscript draw after.folded --before before.folded -o change.svg`,
    )
    .action((input: string, options: DrawOptions) => {
      const extension = extname(options.output);
      if (extension !== '.svg' && extension !== '.html')
        throw new UserError(`cannot tell what to draw: ${options.output} is no .svg or .html`, {
          status: EXIT.usage,
        });
      const findings = read(input);
      const maps = chosen(input, findings, options.map);
      const before = options.before === undefined ? undefined : read(options.before).maps;
      const wanted: PictureOptions = {
        icicle: options.icicle === true,
        sum: options.sum === true,
        increments: options.increments === true,
        ...(options.title === undefined ? {} : { title: options.title }),
        ...(before ? { before } : {}),
      };
      const drawn = pictures(maps, wanted);
      if (isProblem(drawn)) throw refusal(input, drawn);
      const title =
        options.title ?? findings.script ?? (input === '-' ? 'bpfscript' : basename(input));
      const script =
        options.script === undefined ? {} : { script: text(readInput(options.script)) };
      writeWhole(
        options.output,
        extension === '.svg' ? single(input, drawn) : page(drawn, { title, ...script }),
      );
    });
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function refusal(input: string, { problem, line }: Problem): UserError {
  const place = line === undefined ? input : `${input}:${line}`;
  return new UserError(`${place}: ${problem}`);
}

function read(input: string): Findings {
  const findings = readFindings(input === '-' ? standardInput() : readInput(input));
  if (isProblem(findings)) throw refusal(input, findings);
  return findings;
}

function standardInput(): Uint8Array {
  try {
    return readWhole(0);
  } catch (error) {
    throw new UserError(`cannot read standard input: ${reasonOf(error)}`);
  }
}

function chosen(input: string, { maps }: Findings, name: string | undefined): readonly FoundMap[] {
  if (name === undefined) return maps;
  const found = maps.filter((map) => map.name === name);
  if (found.length === 0)
    throw new UserError(`${input} has no map ${name}`, {
      hint: `It has ${maps.map((map) => map.name).join(', ') || 'none'}.`,
    });
  return found;
}

/** The one picture of a file that can hold no more. */
function single(input: string, drawn: readonly Picture[]): string {
  const [first] = drawn;
  const names = [...new Set(drawn.map(({ map }) => map))];
  if (!first || names.length > 1)
    throw new UserError(`${input} has pictures of several maps, an .svg has room for one`, {
      status: EXIT.usage,
      hint: `Choose one with --map (${names.join(', ')}), or write an .html.`,
    });
  if (first.kind === 'flame') return flameFile(first.tree, first.options);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${first.svg}\n`;
}
