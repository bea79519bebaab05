/** The archive that a kernel unpacks as its first file system: cpio of the newc form (initramfs-buffer-format.rst). */

export interface ArchiveEntry {
  /** Without a slash before it. */
  readonly path: string;
  readonly data: Uint8Array;
  readonly executable?: boolean;
}

const FOLDER = 0o040755;
const FILE = 0o100644;
const PROGRAM = 0o100755;

/** Folders are made of the files' paths. */
export function writeArchive(entries: readonly ArchiveEntry[]): Buffer {
  const folders = new Set(
    entries.flatMap(({ path }) => {
      const parts = path.split('/').slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    }),
  );
  let inode = 0;
  const record = (path: string, mode: number, data: Uint8Array): Buffer => {
    inode += 1;
    const name = Buffer.from(`${path}\0`);
    const numbers = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const head = `070701${numbers.map((each) => each.toString(16).padStart(8, '0')).join('')}`;
    return Buffer.concat([padded(Buffer.concat([Buffer.from(head), name])), padded(data)]);
  };
  return Buffer.concat([
    ...[...folders].sort().map((path) => record(path, FOLDER, Buffer.alloc(0))),
    ...entries.map(({ path, data, executable }) =>
      record(path, executable === true ? PROGRAM : FILE, data),
    ),
    record('TRAILER!!!', 0, Buffer.alloc(0)),
  ]);
}

/** To a multiple of four bytes. */
function padded(data: Uint8Array): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
