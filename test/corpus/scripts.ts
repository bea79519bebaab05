/** The scripts of this folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CorpusScript {
  /** What the script is about: `network`. */
  readonly folder: string;
  /** With the folder: `network/tcp-states`. */
  readonly name: string;
  readonly text: string;
}

const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
);

export const SCRIPTS: readonly CorpusScript[] = folders.flatMap(({ name: folder }) =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((file) => file.endsWith('.bt'))
    .map((file) => ({
      folder,
      name: `${folder}/${file.replace(/\.bt$/, '')}`,
      text: readFileSync(join(import.meta.dirname, folder, file), 'utf8'),
    })),
);
