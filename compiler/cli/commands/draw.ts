import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { type Findings, type FoundMap, isProblem, type Problem } from '../../drawing/findings.ts';
import { flameFile } from '../../drawing/flame.ts';
import { page } from '../../drawing/page.ts';
import { type Picture, type PictureOptions, pictures, stacksOf } from '../../drawing/pictures.ts';
import { readFindings } from '../../drawing/read.ts';
import { chromeTrace } from '../../drawing/trace/chrome.ts';
import { perfettoTrace } from '../../drawing/trace/perfetto.ts';
import { timelinePicture } from '../../drawing/trace/picture.ts';
import { pprofProfile } from '../../drawing/trace/pprof.ts';
import { type Timeline, timelineOf } from '../../drawing/trace/timeline.ts';
import { UserError } from '../errors.ts';
import { readInput } from '../input.ts';
import { writeWhole } from '../output.ts';
import { readOutput } from '../recording.ts';
import { say } from '../say.ts';
import { EXIT, type ReportStatus } from '../status.ts';

interface DrawOptions {
  readonly output: string;
  readonly map?: string;
  readonly before?: string;
  readonly icicle?: boolean;
  readonly sum?: boolean;
  readonly increments?: boolean;
  readonly script?: string;
  readonly title?: string;
  readonly debuginfo?: string;
}

/** Chooses records with times; maps have names that begin with `@`. */
const EVENTS = 'events';

/** What is written, by the end of the file's name. */
const WRITERS: Readonly<Record<string, (input: Input) => string | Uint8Array>> = {
  '.html': (input) => {
    const { name, findings, options } = input;
    const title = options.title ?? findings.script ?? (name === '-' ? 'bpfscript' : basename(name));
    const script = options.script === undefined ? {} : { script: text(readInput(options.script)) };
    return page(picturesOf(input), { title, ...script });
  },
  '.svg': (input) => single(input.name, picturesOf(input)),
  '.pftrace': (input) => perfettoTrace(timeline(input)),
  '.json': (input) => chromeTrace(timeline(input)),
  '.pb.gz': ({ name, findings, options }) => profile(name, findings, options),
};

interface Input {
  readonly name: string;
  readonly findings: Findings;
  readonly options: DrawOptions;
  /** Of --before. */
  readonly before: Findings | undefined;
}

export function registerDraw(program: Command, report: ReportStatus): void {
  program
    .command('draw')
    .summary('draw what a script printed')
    .description(
      'Draws flame graphs of stacks, histograms, heat maps, lines and timelines of what bpfload, `bpfscript run` or bpftrace printed.',
    )
    .argument(
      '<input>',
      'output of -f json2, json, folded or text, or of bpftrace, or a recording; - is standard input',
    )
    .addOption(
      new Option(
        '-o, --output <file>',
        'a page with all pictures (.html), one picture (.svg), a timeline (.pftrace for Perfetto, .json as Chrome has it), or stacks for pprof (.pb.gz)',
      ).makeOptionMandatory(),
    )
    .option('--map <name>', 'only this map, or the events of the timeline (--map events)')
    .option('--before <file>', 'show how stacks changed since this other output')
    .option('--icicle', 'stacks hang from the top')
    .option('--sum', 'add up the stacks of all prints of a map, instead of drawing the last')
    .option('--increments', 'heat maps of what came since the print before')
    .option('--script <file>', 'show the script on the page')
    .option('--title <text>', 'instead of the name of the map or input')
    .option(
      '--debuginfo <folders>',
      'name what has no name yet from files in these folders, by their build ids',
    )
    .addHelpText(
      'after',
      `
Examples:
  bpfload -f json2 profile.o > profile.json
  bpfscript draw profile.json -o profile.html --script profile.bt
  bpfscript draw after.folded --before before.folded -o change.svg
  bpfscript draw events.json -o events.pftrace`,
    )
    .action((input: string, options: DrawOptions) => {
      const [, write] = Object.entries(WRITERS).find(([end]) => options.output.endsWith(end)) ?? [];
      if (!write)
        throw new UserError(
          `cannot tell what to draw: ${options.output} ends in none of ${Object.keys(WRITERS).join(', ')}`,
          { status: EXIT.usage },
        );
      const findings = read(input, options, report);
      const before =
        options.before === undefined ? undefined : read(options.before, options, report);
      writeWhole(options.output, write({ name: input, findings, options, before }));
    });
}

function picturesOf(input: Input): readonly Picture[] {
  const { name, findings, options, before } = input;
  const wanted: PictureOptions = {
    icicle: options.icicle === true,
    sum: options.sum === true,
    increments: options.increments === true,
    ...(options.title === undefined ? {} : { title: options.title }),
    ...(before ? { before: before.maps } : {}),
  };
  const maps = options.map === EVENTS ? [] : chosen(name, findings, options.map);
  const drawn = pictures(maps, wanted);
  const timed = (options.map ?? EVENTS) === EVENTS && hasEvents(findings);
  if (!timed) {
    if (isProblem(drawn)) throw refusal(name, drawn);
    return drawn;
  }
  const svg = timelinePicture(options.title ?? 'Timeline', timeline(input));
  return [{ kind: 'chart', map: EVENTS, svg }, ...(isProblem(drawn) ? [] : drawn)];
}

function hasEvents({ occurrences = [] }: Findings): boolean {
  return occurrences.some(({ members }) => members.has('ts') && members.get('ph') !== 'C');
}

function timeline({ name, findings, options }: Input): Timeline {
  const maps = options.map === EVENTS ? [] : chosen(name, findings, options.map);
  const made = timelineOf({ ...findings, maps });
  if (isProblem(made)) throw refusal(name, made);
  const { endless, open } = made;
  if (endless > 0) say('WARNING', `${endless} ends had no beginning in ${name}: they are left out`);
  if (open > 0)
    say(
      'WARNING',
      `${open} beginnings had no end in ${name}: they end with what is around them, or with the last event`,
    );
  return made;
}

function profile(name: string, findings: Findings, options: DrawOptions): Uint8Array {
  const maps = chosen(name, findings, options.map).filter(
    (map) => stacksOf(map, options.sum === true).length > 0,
  );
  const [map] = maps;
  if (!map) throw refusal(name, { problem: 'there are no stacks to draw' });
  if (maps.length > 1)
    throw new UserError(`${name} has stacks in several maps, a profile has room for one`, {
      status: EXIT.usage,
      hint: `Choose one with --map (${maps.map((each) => each.name).join(', ')}).`,
    });
  const made = pprofProfile(stacksOf(map, options.sum === true));
  if (isProblem(made)) throw refusal(name, made);
  return made;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function refusal(input: string, { problem, line }: Problem): UserError {
  const place = line === undefined ? input : `${input}:${line}`;
  return new UserError(`${place}: ${problem}`);
}

function read(input: string, { debuginfo }: DrawOptions, report: ReportStatus): Findings {
  const findings = readFindings(readOutput(input, { form: 'json2', debuginfo, report }));
  if (isProblem(findings)) throw refusal(input, findings);
  return findings;
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
