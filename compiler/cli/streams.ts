/**
 * Standard output and error. Node takes milliseconds to open one, so nothing asks for it before there is something to
 * write: a script that is run again becomes the loader without either.
 */
type Name = 'stdout' | 'stderr';

const unopened = new Set<Name>();

/** Whether something has asked for a stream is known from now on. `then` is given it when that comes first. */
export function noticeOpening(name: Name, then?: (stream: NodeJS.WriteStream) => void): void {
  const own = Object.getOwnPropertyDescriptor(process, name);
  if (!own?.get) return;
  unopened.add(name);
  Object.defineProperty(process, name, {
    ...own,
    get() {
      Object.defineProperty(process, name, own);
      unopened.delete(name);
      then?.(process[name]);
      return process[name];
    },
  });
}

/** When all that the streams were given has left this process. */
export async function allWritten(): Promise<void> {
  const names: readonly Name[] = ['stdout', 'stderr'];
  const opened = names.filter((name) => !unopened.has(name));
  await Promise.all(
    opened.map((name) => new Promise<unknown>((done) => process[name].write('', done))),
  );
}
