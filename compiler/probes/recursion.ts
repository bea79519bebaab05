/**
 * Functions that helpers of BPF call themselves, under locks. A program there would run inside of another one, or of
 * itself, and may wait for what that one holds. kprobes are kept from it by the kernel (bpf_prog_active), fentry and
 * fexit are not.
 */
import { wildcard } from '../kernel/wildcard.ts';
import type { ProbeTarget } from './probe.ts';

const DANGEROUS: readonly string[] = [
  '_raw_spin_lock',
  '_raw_spin_lock_irqsave',
  '_raw_spin_unlock_irqrestore',
  'native_queued_spin_lock_slowpath',
  'queued_spin_lock_slowpath',
];

/** Those of them that the target means by its name or pattern. */
export function dangerousFunctions({ target, parameterised }: ProbeTarget): readonly string[] {
  if (target.provider !== 'fentry' && target.provider !== 'fexit') return [];
  if (target.module !== undefined || target.program !== undefined || parameterised) return [];
  const matches = wildcard(target.function);
  return DANGEROUS.filter((name) => matches.test(name));
}

/** Whether it may mean one of them: what a parameter names is not known before the object is loaded. */
export function mayRecurse(target: ProbeTarget): boolean {
  const { provider, parameterised } = target;
  if (parameterised && (provider === 'fentry' || provider === 'fexit')) return true;
  return dangerousFunctions(target).length > 0;
}
