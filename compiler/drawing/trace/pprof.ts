/** Stacks as a profile of pprof, compressed as its readers want it. */
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import type { Frame, Problem, Stack } from '../findings.ts';
import { ProfileSchema } from './pprof_pb.ts';

export function pprofProfile(stacks: readonly Stack[]): Uint8Array | Problem {
  const inexact = stacks.find(({ count }) => !Number.isSafeInteger(count) || count < 0);
  if (inexact)
    return { line: inexact.line, problem: 'the number of a stack is negative, or more than 2^53' };
  const strings = new Map<string, bigint>([['', 0n]]);
  const stringOf = (text: string): bigint => {
    const known = strings.get(text);
    if (known !== undefined) return known;
    const index = BigInt(strings.size);
    strings.set(text, index);
    return index;
  };
  /** A function has one location: addresses are not known. */
  const frames = new Map<string, { readonly id: bigint; readonly frame: Frame }>();
  const locationOf = (frame: Frame): bigint => {
    const key = `${frame.kind} ${frame.name}`;
    const known = frames.get(key);
    if (known) return known.id;
    const id = BigInt(frames.size + 1);
    frames.set(key, { id, frame });
    return id;
  };
  const sample = stacks.map(({ frames: stack, count }) => ({
    // The innermost first.
    locationId: [...stack].reverse().map(locationOf),
    value: [BigInt(count)],
  }));
  const all = [...frames.values()];
  const kindOf = ({ kind }: Frame): bigint => stringOf(kind === 'part' ? '' : `[${kind}]`);
  const func = all.map(({ id, frame }) => ({
    id,
    name: stringOf(frame.name),
    systemName: stringOf(frame.name),
    filename: kindOf(frame),
  }));
  const location = all.map(({ id }) => ({ id, line: [{ functionId: id, line: 0n }] }));
  const sampleType = [{ type: stringOf('samples'), unit: stringOf('count') }];
  return gzipSync(
    toBinary(
      ProfileSchema,
      create(ProfileSchema, {
        sampleType,
        sample,
        location,
        function: func,
        stringTable: [...strings.keys()],
      }),
    ),
  );
}
