/** Lines of a stream, of which none is longer than a bound. */

/** Each line without its end; undefined stands for one of more than `longest` bytes, of which no more is held. */
export async function* linesOf(
  stream: AsyncIterable<Buffer | string>,
  longest = 1 << 20,
): AsyncGenerator<string | undefined> {
  let pieces: Buffer[] = [];
  let size = 0;
  const take = (): string | undefined => {
    const line = size > longest ? undefined : Buffer.concat(pieces).toString('utf8');
    pieces = [];
    size = 0;
    return line;
  };
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      pieces.push(bytes.subarray(start, end));
      size += end - start;
      yield take();
      start = end + 1;
    }
    size += bytes.length - start;
    if (size > longest) pieces = [];
    else if (start < bytes.length) pieces.push(bytes.subarray(start));
  }
  if (size > 0) yield take();
}
