/** Loaders that do not answer. */
import { expect, it } from 'vitest';
import { createAbsence } from '../../../compiler/telemetry/absence.ts';

function watched() {
  const told: string[] = [];
  const clock = { now: 5 };
  const absence = createAbsence(
    (reason) => told.push(reason),
    () => clock.now,
  );
  return { told, clock, absence };
}

it('tells at once of a loader that never answered, and once', () => {
  const { told, clock, absence } = watched();
  absence.add('refused');
  clock.now += 60_000;
  absence.add('refused');
  expect(told).toEqual(['refused']);
});

it('gives a loader that had answered ten seconds to end', () => {
  const { told, clock, absence } = watched();
  absence.end();
  absence.add('reset');
  clock.now += 9_999;
  absence.add('refused');
  expect(told).toEqual([]);
  clock.now += 1;
  absence.add('refused');
  absence.add('refused');
  expect(told).toEqual(['refused']);
});

it('tells again when it was there in between', () => {
  const { told, clock, absence } = watched();
  absence.add('refused');
  absence.end();
  clock.now += 20_000;
  absence.add('reset');
  expect(told).toEqual(['refused']);
  clock.now += 10_000;
  absence.add('refused');
  expect(told).toEqual(['refused', 'refused']);
});
