#!/usr/bin/env node
/** What the npm package calls `bpfload`: becomes the loader of this machine's architecture (scripts/package-npm.sh). */
import { InstallationError } from '../paths.ts';
import { UserError } from './errors.ts';
import { becomeLoader } from './loader.ts';
import { sayError } from './say.ts';

// What Node would do with it is not what the loader does.
process.on('SIGUSR1', () => undefined);

becomeLoader(process.argv.slice(2), 'bpfload').catch((error: unknown) => {
  if (!(error instanceof InstallationError) && !(error instanceof UserError)) throw error;
  sayError(error);
  process.exitCode = 1;
});
