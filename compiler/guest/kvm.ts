/** Whether guests have the hardware's help. */
import { accessSync, constants, readFileSync } from 'node:fs';

/** A machine that runs guests, as Node and Linux describe it. */
export interface GuestHost {
  /** As `process.arch` has it. */
  readonly arch: string;
  /** The text of /proc/cpuinfo; empty where it cannot be read. */
  readonly cpuinfo: () => string;
  /** The path of KVM's device. */
  readonly device: string;
}

const HERE: GuestHost = {
  arch: process.arch,
  cpuinfo: () => {
    try {
      return readFileSync('/proc/cpuinfo', 'latin1');
    } catch {
      return '';
    }
  },
  device: '/dev/kvm',
};

/** Whether this user may have the hardware's help for guests of `arch`, and the hardware has any to give. */
export function hasKvm(arch: string, host: GuestHost = HERE): boolean {
  if ({ x64: 'x86_64', arm64: 'aarch64' }[host.arch] !== arch) return false;
  // A hypervisor of software alone may offer the device too, and such guests stop early.
  if (arch === 'x86_64' && !/^flags\t*:.* (vmx|svm)( |$)/m.test(host.cpuinfo())) return false;
  try {
    accessSync(host.device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
