/**
 * Set-up of every test file: its folders are removed when it has ended, and between two tests the worker listens to
 * vitest, which gives up on one that is silent for a minute.
 */
import { setImmediate as yieldOnce } from 'node:timers/promises';
import { afterAll, afterEach } from 'vitest';
import { removeTemporaryFolders } from './folders.ts';

afterEach(() => yieldOnce());
afterAll(removeTemporaryFolders);
