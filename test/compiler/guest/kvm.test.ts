/** Which guests have the hardware's help, by what a machine says of itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GuestHost, hasKvm } from '../../../compiler/guest/kvm.ts';
import { temporaryFolder } from '../../support/build.ts';

const device = join(temporaryFolder(), 'kvm');
writeFileSync(device, '');
const cpu = (flags: string): string =>
  `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: spectre_v1\n`;
const host = (change: Partial<GuestHost>): GuestHost => ({
  arch: 'x64',
  cpuinfo: () => cpu('fpu vmx smx'),
  device,
  ...change,
});

describe('A guest of x86-64', () => {
  it.each([
    ['of Intel', 'fpu vmx smx', true],
    ['of AMD', 'fpu svm abm', true],
    ['of Intel, at the end of its line', 'fpu vmx', true],
    ['of AMD, at the end of its line', 'fpu svm', true],
    ['without virtual machines', 'fpu smx abm', false],
    ['with flags whose names are longer', 'fpu vmx_flag svm_lock xvmx', false],
  ])('has the help of a processor %s: %#', (_, flags, helped) => {
    expect(hasKvm('x86_64', host({ cpuinfo: () => cpu(flags) }))).toBe(helped);
  });

  it('has none where nothing is known of the processor, or another line says it', () => {
    expect(hasKvm('x86_64', host({ cpuinfo: () => '' }))).toBe(false);
    expect(hasKvm('x86_64', host({ cpuinfo: () => 'vmx flags\t\t: fpu vmx smx\n' }))).toBe(false);
    expect(hasKvm('x86_64', host({ cpuinfo: () => 'flags vmx smx\n' }))).toBe(false);
  });

  it('has none without the device, or on another architecture', () => {
    expect(hasKvm('x86_64', host({ device: `${device}-missing` }))).toBe(false);
    expect(hasKvm('x86_64', host({ arch: 'arm64' }))).toBe(false);
  });
});

describe('A guest of arm64', () => {
  it('has the help of any processor of arm64 that has the device', () => {
    const arm = host({ arch: 'arm64', cpuinfo: () => 'Features\t: fp asimd\n' });
    expect(hasKvm('aarch64', arm)).toBe(true);
    expect(hasKvm('aarch64', { ...arm, device: `${device}-missing` })).toBe(false);
    expect(hasKvm('aarch64', host({}))).toBe(false);
  });
});

it('No other architecture has any', () => {
  expect(hasKvm('riscv64', host({ arch: 'riscv64' }))).toBe(false);
});
