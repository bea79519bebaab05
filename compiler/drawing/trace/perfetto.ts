/** A timeline as a native trace of Perfetto: tracks of threads and counters, and their events. */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Member } from '../findings.ts';
import { steps } from './order.ts';
import { TraceSchema } from './perfetto_pb.ts';
import type { Timeline } from './timeline.ts';

/** BuiltinClock of perfetto/common/builtin_clock.proto. */
const REALTIME = 1;
const BOOTTIME = 6;
/** TrackEvent.Type. */
const SLICE_BEGIN = 1;
const SLICE_END = 2;
const INSTANT = 3;
const COUNTER = 4;
/** All packets are of one writer. */
const SEQUENCE = 1;
/** SEQ_INCREMENTAL_STATE_CLEARED: the sequence begins. */
const BEGINS = 1;

function annotations(details: ReadonlyMap<string, Member>) {
  return {
    debugAnnotations: [...details].map(([name, member]) =>
      typeof member === 'bigint' && BigInt.asIntN(64, member) === member
        ? { name, intValue: member }
        : { name, stringValue: String(member) },
    ),
  };
}

export function perfettoTrace(timeline: Timeline): Uint8Array {
  const { threads, counters, clocks } = timeline;
  const processes = [...new Set(threads.map(({ pid }) => pid))];
  const processTrack = new Map(processes.map((pid, index) => [pid, BigInt(index + 1)]));
  const firstThread = BigInt(processes.length + 1);
  const threadTrack = (index: number): bigint => firstThread + BigInt(index);
  const firstCounter = firstThread + BigInt(threads.length);
  const own = { trustedPacketSequenceId: SEQUENCE };
  const at = (timestamp: bigint) => ({ ...own, timestamp, timestampClockId: BOOTTIME });
  return toBinary(
    TraceSchema,
    create(TraceSchema, {
      packet: [
        {
          ...own,
          sequenceFlags: BEGINS,
          ...(clocks
            ? {
                clockSnapshot: {
                  primaryTraceClock: BOOTTIME,
                  clocks: [
                    { clockId: BOOTTIME, timestamp: clocks.boot },
                    { clockId: REALTIME, timestamp: clocks.wall },
                  ],
                },
              }
            : {}),
        },
        ...processes.map((pid) => {
          const main = threads.find((thread) => thread.pid === pid && thread.tid === pid);
          const name = main?.name;
          return {
            ...own,
            trackDescriptor: {
              uuid: processTrack.get(pid) ?? 0n,
              process: { pid, ...(name === undefined ? {} : { processName: name }) },
            },
          };
        }),
        ...threads.map(({ pid, tid, name }, index) => ({
          ...own,
          trackDescriptor: {
            uuid: threadTrack(index),
            parentUuid: processTrack.get(pid) ?? 0n,
            thread: { pid, tid, ...(name === undefined ? {} : { threadName: name }) },
          },
        })),
        ...counters.map(({ name }, index) => ({
          ...own,
          trackDescriptor: { uuid: firstCounter + BigInt(index), name, counter: {} },
        })),
        ...steps(timeline).map((step) => {
          if (step.kind === 'instant') {
            const { thread, name, details } = step.instant;
            const event = { type: INSTANT, trackUuid: threadTrack(thread), name };
            return { ...at(step.at), trackEvent: { ...event, ...annotations(details) } };
          }
          const { thread, name, details, flow } = step.slice;
          const trackUuid = threadTrack(thread);
          if (step.kind === 'end')
            return { ...at(step.at), trackEvent: { type: SLICE_END, trackUuid } };
          return {
            ...at(step.at),
            trackEvent: {
              type: SLICE_BEGIN,
              trackUuid,
              name,
              ...annotations(details),
              ...(flow === undefined ? {} : { flowIds: [BigInt(flow + 1)] }),
            },
          };
        }),
        ...counters.flatMap(({ points }, index) =>
          points.map((point) => ({
            ...at(point.at),
            trackEvent: {
              type: COUNTER,
              trackUuid: firstCounter + BigInt(index),
              counterValue: point.value,
            },
          })),
        ),
      ],
    }),
  );
}
