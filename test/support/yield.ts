/** Set-up of every test file: between two tests the worker listens to vitest, which gives up on one that is silent for a minute. */
import { setImmediate as yieldOnce } from 'node:timers/promises';
import { afterEach } from 'vitest';

afterEach(() => yieldOnce());
