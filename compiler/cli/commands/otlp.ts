import type { Command } from 'commander';
import { convert } from '../../telemetry/convert.ts';
import { headersOf, resourceOf } from '../../telemetry/origin.ts';
import { createSender } from '../../telemetry/sender.ts';
import { reasonOf, UserError } from '../errors.ts';
import { say } from '../say.ts';
import { EXIT, type ReportStatus } from '../status.ts';
import { version } from '../version.ts';

interface OtlpOptions {
  readonly metrics?: string;
  readonly logs?: boolean;
  readonly endpoint?: string;
  readonly interval: string;
}

/** How long the end waits for a receiver that is away. */
const LAST_WAIT = 10_000;

export function registerOtlp(program: Command, report: ReportStatus): void {
  program
    .command('otlp')
    .summary('hand what a loader says to a receiver of OpenTelemetry')
    .description(
      'Sends the metrics of `bpfload --metrics`, and what scripts print (`bpfload -f json2`, on standard input), by OTLP over ' +
        'HTTP. With --logs it ends when its input does, else by SIGINT or SIGTERM. Status 1 where log records were lost.',
    )
    .option('--metrics <url>', 'where a loader answers, such as http://127.0.0.1:9435/metrics')
    .option('--logs', 'read what a loader prints from standard input')
    .option(
      '--endpoint <url>',
      'the receiver ($OTEL_EXPORTER_OTLP_ENDPOINT, or http://127.0.0.1:4318)',
    )
    .option('--interval <seconds>', 'read the metrics so often', '10')
    .addHelpText(
      'after',
      `
OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME are obeyed.

Examples:
  bpfscript otlp --metrics http://127.0.0.1:9435/metrics
  bpfload --metrics 9435 -f json2 tool.o | bpfscript otlp --logs --metrics http://127.0.0.1:9435/metrics`,
    )
    .action(async (options: OtlpOptions) => {
      if (!options.logs && options.metrics === undefined)
        throw usage('there is nothing to send: --metrics URL, --logs, or both');
      const interval = Number(options.interval);
      if (!/^\d+(\.\d+)?$/.test(options.interval) || interval < 0.1 || interval > 86_400)
        throw usage(`--interval takes seconds from 0.1 to 86400, not ${options.interval}`);
      const endpoint =
        options.endpoint ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://127.0.0.1:4318';
      checkAddress('--metrics', options.metrics);
      checkAddress('--endpoint', endpoint);
      const warn = (message: string) => say('WARNING', message);
      const sender = createSender({
        endpoint: endpoint.replace(/\/+$/, ''),
        headers: fromEnvironment(headersOf),
        warn,
      });
      const ending = endOfRun(options.logs === true);
      const { unreadable } = await convert({
        origin: { resource: fromEnvironment(resourceOf), version: version() },
        sender,
        ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
        interval: interval * 1000,
        ...(options.logs ? { lines: process.stdin } : {}),
        ending,
        warn,
      });
      await sender.finish(LAST_WAIT);
      if (unreadable > 0) warn(`${unreadable} lines of the input are none of -f json2`);
      if (sender.lost > 0 || sender.behind || unreadable > 0) report(EXIT.script);
    });
}

function usage(message: string): UserError {
  return new UserError(message, { status: EXIT.usage });
}

function checkAddress(flag: string, url: string | undefined): void {
  if (url !== undefined && !(URL.canParse(url) && /^https?:\/\//.test(url)))
    throw usage(`${flag} takes an address such as http://127.0.0.1:4318, not ${url}`);
}

function fromEnvironment<T>(read: (environment: NodeJS.ProcessEnv) => T): T {
  try {
    return read(process.env);
  } catch (error) {
    throw usage(reasonOf(error));
  }
}

/**
 * SIGINT and SIGTERM. Where a loader writes, both get SIGINT, and it prints what it has before it ends: then the end of the
 * input is the end, and the second signal is the last word.
 */
function endOfRun(hasInput: boolean): AbortSignal {
  const ending = new AbortController();
  let left = hasInput ? 1 : 0;
  const end = () => {
    if (left > 0) {
      left -= 1;
      return;
    }
    ending.abort();
    if (hasInput) process.stdin.destroy();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return ending.signal;
}
