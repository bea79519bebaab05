/** What a block's attach points are, whatever their provider. */
import { describe, expect, it } from 'vitest';
import { resolveBlock } from './support.ts';

describe('an attach point that is a parameter', () => {
  it('is what the parameter says, with what stands around it', () => {
    const names = (text: string, ...parameters: readonly string[]) => {
      const { result, messages } = resolveBlock(text, { parameters });
      return [...result.map(({ target: { name } }) => name), ...messages];
    };
    expect(names('$1', 'kprobe:f')).toEqual(['kprobe:f']);
    expect(names('$1:f', 'kprobe')).toEqual(['kprobe:f']);
    expect(names('$2', 'kprobe:f', ' begin ')).toEqual(['begin']);
    expect(names('$1, end', 'begin')).toEqual(['begin', 'end']);
    // A parameter of the target is left to the loader.
    expect(names('kprobe:$1', 'f')).toEqual(['kprobe:$1']);
  });

  it('is needed, and said once', () => {
    const messages = (text: string, ...parameters: readonly string[]) =>
      resolveBlock(text, { parameters }).messages;
    const missing = 'Positional parameter $2 is empty or not provided';
    expect(messages('$2', 'kprobe:f')).toEqual([missing]);
    expect(messages('$2', 'kprobe:f', '')).toEqual([missing]);
    expect(messages('$2, t:*:nothing*', 'kprobe:f')).toEqual([missing]);
    expect(messages('$1', 'nonsense')).toEqual(["Invalid provider: 'nonsense'"]);
    expect(messages('$1', 'kprobe:')).toHaveLength(1);
  });

  it('is refused where the object is for others to load', () => {
    expect(resolveBlock('$1').messages).toEqual([
      'the provider cannot be a positional parameter in an object',
    ]);
  });
});

describe('a block whose probes are all missing', () => {
  const messages = (missingProbes: 'error' | 'warn' | 'ignore') =>
    resolveBlock('fentry:nothing*', { missingProbes }).messages;

  it('is an error, a warning or nothing, as the setting says', () => {
    expect(messages('error')[0]).toContain('Probe has no valid attach points.');
    expect(messages('warn')).toEqual(['No attach point of the probe matches. Skipping.']);
    expect(messages('ignore')).toEqual([]);
  });
});
