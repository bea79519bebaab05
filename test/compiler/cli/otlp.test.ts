/** `bpfscript otlp`: lines of standard input reach a receiver, and what did not is told by the status. */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { COMMAND } from '../../support/command.ts';
import { type Receiver, receiving } from '../../support/receiver.ts';

/** Runs it with lines on standard input to its end. */
function otlp(
  words: readonly string[],
  lines: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly stderr: string; readonly status: number | null }> {
  const command = spawn(process.execPath, [COMMAND, 'otlp', ...words], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  command.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  command.stdin.end(`${lines.join('\n')}\n`);
  return new Promise((resolve) => {
    command.on('close', (status) => resolve({ stderr, status }));
  });
}

const LINE = '{"type": "printf", "data": "hello"}';
const bodies = ({ records }: Receiver) => records.map(({ body }) => body.stringValue);

it('sends what is printed to the receiver that is named, or that the environment names', () =>
  receiving(async (receiver) => {
    const done = { stderr: '', status: 0 };
    // Slashes at its end are none of the path.
    expect(await otlp(['--logs', '--endpoint', `${receiver.url}//`], [LINE])).toEqual(done);
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SERVICE_NAME: 'mine' };
    expect(await otlp(['--logs'], [LINE, LINE], environment)).toEqual(done);
    expect(bodies(receiver)).toEqual(['hello', 'hello', 'hello']);
    const names = receiver.resources.map((attributes) =>
      attributes.find(({ key }) => key === 'service.name'),
    );
    expect(names.at(-1)?.value.stringValue).toBe('mine');
    expect(names[0]?.value.stringValue).not.toBe('mine');
  }));

it('tells lines that are none, with status 1', () =>
  receiving(async (receiver) => {
    const { stderr, status } = await otlp(['--logs', '--endpoint', receiver.url], ['text', LINE]);
    expect([stderr, status]).toEqual([
      ...['WARNING: 1 lines of the input are none of -f json2\n', 1],
    ]);
    expect(bodies(receiver)).toEqual(['hello']);
  }));

it('says what of its environment makes no sense', () =>
  receiving(async (receiver) => {
    const { stderr, status } = await otlp(['--logs', '--endpoint', receiver.url], [LINE], {
      OTEL_RESOURCE_ATTRIBUTES: 'no pair',
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^ERROR: .*OTEL_RESOURCE_ATTRIBUTES/);
    expect(receiver.records).toEqual([]);
  }));
