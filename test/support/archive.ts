/** Zip archives, as applications have their libraries in. */
import { writeFileSync } from 'node:fs';

export const STORED = 0;
export const DEFLATED = 8;

/** Writes a zip archive with one member that begins at a page, and gives where; the method is only claimed. */
export function writeArchive(path: string, name: string, bytes: Buffer, method: number): number {
  const start = 4096;
  const local = Buffer.alloc(start);
  const describe = (header: Buffer, at: number): void => {
    header.writeUInt16LE(method, at);
    header.writeUInt32LE(bytes.length, at + 10);
    header.writeUInt32LE(bytes.length, at + 14);
    header.writeUInt16LE(name.length, at + 18);
  };
  local.writeUInt32LE(0x04034b50);
  describe(local, 8);
  local.writeUInt16LE(start - 30 - name.length, 28);
  local.write(name, 30);
  const entry = Buffer.alloc(46 + name.length);
  entry.writeUInt32LE(0x02014b50);
  describe(entry, 10);
  entry.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(start + bytes.length, 16);
  writeFileSync(path, Buffer.concat([local, bytes, entry, end]));
  return start;
}
