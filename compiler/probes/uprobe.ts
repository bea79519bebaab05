/** Entry and return of functions of programs and libraries. The loader finds file and symbol on its host. */
import type { ManifestTarget } from '../../linker/manifest/manifest.ts';
import type { Hint } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { AttachField, AttachPoint } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import { canonicalName, isParameterised, isWildcard, refuse, targetFields } from './fields.ts';
import {
  argumentRegisters,
  isAddress,
  readFunction,
  showFunction,
  slashHints,
} from './function.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

type Name = 'uprobe' | 'uretprobe';

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    ...(name === 'uprobe' ? { group: 'programs' } : {}),
    resolve: (attachPoint, context) => resolve(name, attachPoint, context),
  };
}

type Refuse = (
  code: ErrorCode,
  message: string,
  ...hints: readonly Hint[]
) => readonly ProbeTarget[];

/** Where in the file the probe stands. */
interface Place {
  /** As the probe's name has it. */
  readonly shown: string;
  /** The function, where it is known at compile time. */
  readonly function: string | undefined;
  readonly wildcard: boolean;
  readonly target: Omit<UserTarget, 'provider' | 'path'>;
}

type UserTarget = Extract<ManifestTarget, { readonly provider: Name }>;

const QUOTES = 'The only one is cpp. A name that holds : needs double quotes.';

function forms(name: Name): string {
  return `${name}:PATH:FUNCTION, such as ${name}:/bin/bash:readline`;
}

function resolve(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const no: Refuse = (code, message, ...hints) =>
    refuse(attachPoint, context, code, message, ...hints);
  // A single field is a function in the files of the process that -p names.
  const alone = fields.length === 1 && !(fields[0]?.text ?? '').includes('/');
  const path = alone ? '' : (fields[0]?.text ?? '');
  const rest = alone ? fields : fields.slice(1);
  if (path === '' && (rest[0]?.text ?? '') === '')
    return no('attach-point-form', `${name}s should have a target`, forms(name));
  const isSource = rest[0]?.text.startsWith('@') === true;
  const place = isSource ? readSourceLine(name, path, rest, no) : readPlace(name, path, rest, no);
  if (!place) return [];

  const entry = name === 'uprobe';
  const target: ProbeTarget = {
    provider: name,
    name: isSource ? `${name}:${path}${place.shown}` : canonicalName(name, path, place.shown),
    alias: attachPoint.alias,
    section: sectionOf(name, place, path, isParameterised(fields)),
    context: 'registers',
    space: 'user',
    defaultReturn: 0,
    // The pid is given when the probe is attached.
    filtersPid: false,
    registers: entry ? argumentRegisters(context.kernel.arch) : 0,
    hasRetval: !entry,
    function: place.function,
    wildcard: place.wildcard,
    target: { provider: name, path, ...place.target },
    parameterised: isParameterised(fields),
  };
  return entry && context.needsArgs ? withArguments(target, context, no) : [target];
}

/**
 * What libbpf and cilium/ebpf attach by themselves is `uprobe/PATH:FUNCTION` (attach_uprobe, tools/lib/bpf/libbpf.c), of
 * an absolute path and of characters that their patterns take. What only our loader can find has the bare name.
 */
function sectionOf(
  name: Name,
  place: Pick<Place, 'wildcard' | 'target'>,
  path: string,
  parameterised: boolean,
): string {
  const target = place.target;
  const isLiteral =
    !parameterised &&
    !place.wildcard &&
    target.source === undefined &&
    target.language === undefined &&
    /^\/[^*:\s]+$/.test(path) &&
    /^[\w.]+$/.test(target.function);
  if (!isLiteral) return name;
  const offset = target.offset > 0 ? `+${target.offset}` : '';
  return `${name}/${path}:${target.function}${offset}`;
}

/**
 * The target with the arguments that the debug information of its program tells; of a pattern the targets of all
 * functions of C that match. None after reporting an error.
 */
function withArguments(
  target: ProbeTarget,
  { kernel, programs }: ProviderContext,
  no: Refuse,
): readonly ProbeTarget[] {
  const unknown = (reason: string, ...hints: readonly Hint[]): readonly ProbeTarget[] =>
    no(
      'untyped-arguments',
      `The arguments of ${target.name} are not known: ${reason}`,
      ...hints,
      NUMBERED,
    );
  if (target.target.provider !== 'uprobe') return [target];
  const { path, function: name, offset, language, source } = target.target;
  if (target.parameterised) return unknown('the function is, once the script is loaded');
  if (path === '' || isWildcard(path)) return unknown('args needs the path of one file');
  if (source !== undefined || language !== undefined || name === '' || offset > 0)
    return unknown('args needs the name of a function of C');
  const program = programs.open(path);
  if ('reason' in program) return unknown(program.reason, ...program.hints);
  if (!isWildcard(name)) {
    const list = program.arguments(name, kernel.arch);
    return 'reason' in list ? unknown(list.reason) : [{ ...target, arguments: list }];
  }
  const names = program.functions(name);
  const targets = names.flatMap((each): readonly ProbeTarget[] => {
    const list = program.arguments(each, kernel.arch);
    if ('reason' in list) return [];
    return [
      {
        ...target,
        name: canonicalName('uprobe', path, each),
        function: each,
        wildcard: false,
        arguments: list,
        section: sectionOf(
          'uprobe',
          { wildcard: false, target: { function: each, offset: 0 } },
          path,
          false,
        ),
        target: { provider: 'uprobe', path, function: each, offset: 0 },
      },
    ];
  });
  if (targets.length > 0) return targets;
  return unknown(
    names.length === 0
      ? `${program.path} has no function that matches '${name}'`
      : `the debug information describes none of the ${names.length} functions that match`,
  );
}

const NUMBERED = 'arg0 to arg5 are there without debug information.';

/** What stands behind the path; undefined after reporting an error. */
function readPlace(
  name: Name,
  path: string,
  fields: readonly AttachField[],
  no: Refuse,
): Place | undefined {
  const refused = (...of: Parameters<Refuse>): undefined => void no(...of);
  const language = fields.length > 1 ? fields[0]?.text : undefined;
  const field = language === undefined ? fields[0] : fields[1];
  const text = field?.text ?? '';
  const cpp = language === 'cpp';
  if (language !== undefined && !cpp)
    return refused('attach-point-form', `unsupported language type: '${language}'`, QUOTES);
  if (fields.length > 2)
    return refused(
      'attach-point-form',
      `${name} probe type requires 2 or 3 arguments, found ${fields.length + 1}`,
      QUOTES,
    );
  if (text === '')
    return refused('attach-point-form', `${name}s should be attached to a function`, forms(name));
  if (text.includes('/') && !cpp && !field?.quoted)
    return refused(
      'attach-point-form',
      `'${text}' is not the name of a function`,
      ...slashHints(field),
    );

  const severalFiles = path === '' || isWildcard(path);
  if (!cpp && isAddress(text)) {
    const offset = readAddress(text);
    if (offset === undefined) return refused('attach-point-value', `invalid address '${text}'`);
    if (name === 'uretprobe')
      return refused('attach-point-form', 'uretprobes can not be attached to an address');
    if (severalFiles)
      return refused('attach-point-form', 'an address needs the path of one file', forms(name));
    return { shown: text, function: undefined, wildcard: false, target: { function: '', offset } };
  }
  // Operators of C++ may end in `+`.
  const place = cpp && !/\+\w+$/.test(text) ? { name: text, offset: 0 } : readFunction(text);
  if (!place) return refused('attach-point-value', `invalid offset in '${text}'`);
  if (place.name === '')
    return refused('attach-point-form', `${name}s should be attached to a function`, forms(name));
  if (name === 'uretprobe' && place.offset > 0)
    return refused('attach-point-form', 'uretprobes can not be attached to a function offset');
  if (isWildcard(place.name) && place.offset > 0)
    return refused('attach-point-form', 'functions of a wildcard can not have an offset');
  if (cpp && place.offset > 0)
    return refused(
      'attach-point-form',
      'cpp: names can not have an offset',
      'Give the mangled name, without cpp:.',
    );
  // The loader knows how people read mangled names.
  const known =
    !cpp && !isWildcard(place.name) && !isMangled(place.name) && !field?.parameters.length;
  return {
    shown: cpp ? `cpp:${text}` : showFunction(place),
    function: known ? place.name : undefined,
    wildcard: severalFiles || cpp || isWildcard(place.name) || isMangled(place.name),
    target: { function: place.name, offset: place.offset, ...(cpp ? { language: 'cpp' } : {}) },
  };
}

/** `@FILE:LINE[:COLUMN]`; undefined after reporting an error. */
function readSourceLine(
  name: Name,
  path: string,
  fields: readonly AttachField[],
  no: Refuse,
): Place | undefined {
  const refused = (...of: Parameters<Refuse>): undefined => void no(...of);
  const [file = '', ...numbers] = fields.map((field) => field.text);
  const form = 'uprobe:PATH@FILE:LINE, such as uprobe:/usr/bin/tool@main.c:12';
  if (name === 'uretprobe')
    return refused(
      'attach-point-form',
      'uretprobes can not be attached to a source line',
      forms(name),
    );
  if (isWildcard(path) || path === '')
    return refused('attach-point-form', 'a source line needs the path of one file', form);
  if (file === '@') return refused('attach-point-form', 'the source file is missing', form);
  if (numbers.length === 0) return refused('attach-point-form', 'the line is missing', form);
  if (numbers.length > 2)
    return refused(
      'attach-point-form',
      `a source line has a file, a line and perhaps a column, found ${fields.length} parts`,
      form,
    );
  for (const [index, text] of numbers.entries())
    if (!fields[index + 1]?.parameters.length && !/^[1-9][0-9]{0,8}$/.test(text))
      return refused(
        'attach-point-value',
        `invalid ${index === 0 ? 'line' : 'column'} '${text}'`,
        form,
      );
  const source = [file.slice(1), ...numbers].join(':');
  return {
    shown: `@${source}`,
    function: undefined,
    wildcard: true,
    target: { function: '', offset: 0, source },
  };
}

function isMangled(name: string): boolean {
  return /^_[ZR]/.test(name);
}

/** An address in the file's own address space; undefined where it is none that the manifest can hold. */
function readAddress(text: string): number | undefined {
  const result = parseInteger(text);
  if (!('value' in result) || result.value > Number.MAX_SAFE_INTEGER) return undefined;
  return Number(result.value);
}

export const uprobe = provider('uprobe', ['u']);
export const uretprobe = provider('uretprobe', ['ur']);
