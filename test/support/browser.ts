/** Debian's chromium without a screen, driven over its DevTools pipe: pages are opened, clicked and read in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly type?: string; readonly message?: string };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** Text of scripts that were asked for: dialogs, and what went wrong. */
  readonly noises: readonly string[];
  /** The value of an expression, as JSON has it. */
  evaluate(expression: string): Promise<unknown>;
  /** Clicks in the middle of the first element that a selector finds; with `text`, of the first that holds it. */
  click(selector: string, text?: string): Promise<void>;
  type(text: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Moves the mouse over an element. */
  hover(selector: string, text?: string): Promise<void>;
  screenshot(path: string): Promise<void>;
}

export interface Browser {
  open(file: string): Promise<Page>;
  close(): Promise<void>;
}

/** NUL ends each message of the pipe, in both directions. */
function messages(pipe: Duplex, take: (reply: Reply) => void): void {
  let text = '';
  pipe.setEncoding('utf8');
  pipe.on('data', (piece: string) => {
    const parts = (text + piece).split('\0');
    text = parts.pop() ?? '';
    for (const part of parts) take(JSON.parse(part) as Reply);
  });
}

export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'bpfscript-browser-'));
  const child: ChildProcess = spawn(
    'chromium',
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      ...['--hide-scrollbars', '--window-size=1280,900', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--remote-debugging-pipe', `--user-data-dir=${profile}`],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const [, , , to, from] = child.stdio as unknown as readonly Duplex[];
  if (!to || !from) throw new Error('the browser has no pipe');
  const waiting = new Map<number, { resolve(value: Reply): void }>();
  const listeners: ((reply: Reply) => void)[] = [];
  messages(from, (reply) => {
    if (reply.id !== undefined) waiting.get(reply.id)?.resolve(reply);
    for (const listener of listeners) listener(reply);
  });
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('exit', () => reject(new Error('the browser has ended')));
  });
  ended.catch(() => undefined);
  let last = 0;
  const send = async (
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>> => {
    last += 1;
    const id = last;
    const answered = new Promise<Reply>((done) => waiting.set(id, { resolve: done }));
    to.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    const reply = await Promise.race([answered, ended]);
    waiting.delete(id);
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  };
  return {
    async open(file) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      return openPage(file, (method, params) => send(method, params, String(sessionId)), listeners);
    },
    async close() {
      const gone = new Promise((done) => child.once('exit', done));
      await send('Browser.close').catch(() => child.kill('SIGKILL'));
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Send = (method: string, params?: object) => Promise<Readonly<Record<string, unknown>>>;

async function openPage(
  file: string,
  send: Send,
  listeners: ((reply: Reply) => void)[],
): Promise<Page> {
  const noises: string[] = [];
  const loaded = new Promise<void>((done) =>
    listeners.push(({ method, params }) => {
      if (method === 'Page.loadEventFired') done();
      if (method === 'Page.javascriptDialogOpening') {
        noises.push(`dialog: ${params?.message}`);
        void send('Page.handleJavaScriptDialog', { accept: true });
      }
      if (method === 'Runtime.exceptionThrown') noises.push(`exception: ${JSON.stringify(params)}`);
      if (method === 'Log.entryAdded') noises.push(`log: ${JSON.stringify(params)}`);
    }),
  );
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  await send('Page.navigate', { url: `file://${resolve(file)}` });
  await loaded;

  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value?: unknown }).value;
  };
  const middle = async (selector: string, text = ''): Promise<{ x: number; y: number }> => {
    const place = await evaluate(`(() => {
      const found = [...document.querySelectorAll(${JSON.stringify(selector)})]
        .find((each) => each.textContent.includes(${JSON.stringify(text)}));
      if (!found) return null;
      found.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = found.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
    if (!place) throw new Error(`the page has no ${selector} with ${JSON.stringify(text)}`);
    return place as { x: number; y: number };
  };
  const mouse = (type: string, place: object): Promise<unknown> =>
    send('Input.dispatchMouseEvent', { type, button: 'left', clickCount: 1, ...place });
  const press = async (key: string): Promise<void> => {
    const text = key.length === 1 ? { text: key } : {};
    await send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...text });
    await send('Input.dispatchKeyEvent', { type: 'keyUp', key });
  };
  return {
    noises,
    evaluate,
    press,
    async click(selector, text) {
      const place = await middle(selector, text);
      await mouse('mousePressed', place);
      await mouse('mouseReleased', place);
    },
    async hover(selector, text) {
      await send('Input.dispatchMouseEvent', {
        type: 'mouseMoved',
        ...(await middle(selector, text)),
      });
    },
    async type(text) {
      for (const key of text) await press(key);
    },
    async screenshot(path) {
      const { data } = await send('Page.captureScreenshot', {
        format: 'png',
        captureBeyondViewport: false,
      });
      writeFileSync(path, Buffer.from(String(data), 'base64'));
    },
  };
}
