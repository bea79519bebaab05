/** Helpers and maps of interpreted programs, on one CPU at a time. */
import type { SharedVariableName } from '../../linker/contract/variables.ts';
import type { InspectedMap } from '../../linker/inspect/maps.ts';
import type { Memory } from './interpreter-memory.ts';

/** What programs see of the machine. */
export interface World {
  readonly pid?: number;
  readonly tid?: number;
  readonly comm?: string;
  /** Of all clocks; 1,000 more each time where it is not said. */
  readonly clock?: () => bigint;
  /** Bytes of the task; zeros where it is not said. */
  readonly task?: Uint8Array;
  /** What a helper returns instead of doing its work. */
  readonly fails?: (helper: string) => bigint | undefined;
  /** How many CPUs there are: one where it is not said. */
  readonly cpus?: number;
  /** What the loader says to programs, beside the number of CPUs. */
  readonly shared?: Partial<Readonly<Record<SharedVariableName, bigint>>>;
  /** The kernel's function at an address, with its module. */
  readonly symbol?: (address: bigint) => string;
  /** Records that fit the ring. */
  readonly room?: number;
}

interface Elements {
  readonly map: InspectedMap;
  /** By the key's bytes; the address of the value, of per-CPU maps that of the first CPU's. */
  readonly values: Map<string, bigint>;
}

/** include/uapi/asm-generic/errno-base.h */
const [ENOENT, E2BIG, EFAULT, EEXIST] = [-2n, -7n, -14n, -17n];
const [NOEXIST, EXIST] = [1n, 2n];

export function createHelpers(
  memory: Memory,
  maps: readonly InspectedMap[],
  world: World,
  enter: (code: bigint, ...args: readonly bigint[]) => bigint,
) {
  const { pid = 1234, tid = pid, comm = 'tested', room = 1 << 20, cpus = 1 } = world;
  let current = 0;
  const copies = ({ type }: InspectedMap): number => (type.includes('percpu') ? cpus : 1);
  /** Where the value of a CPU is. */
  const ofCpu = ({ map }: Elements, first: bigint, cpu = current): bigint =>
    copies(map) === 1 ? first : first + BigInt(cpu * map.valueSize);
  let clock = 1_000_000_000_000n;
  const now = world.clock ?? (() => (clock += 1000n));
  const task = memory.add(world.task ?? new Uint8Array(16_384));
  const all = new Map<bigint, Elements>();
  const addresses = new Map<string, bigint>();
  for (const map of maps) {
    const address = memory.add(new Uint8Array(8));
    addresses.set(map.name, address);
    const values = new Map<string, bigint>();
    if (map.type.includes('array'))
      for (let index = 0; index < Math.min(map.maxEntries, 1024); index += 1)
        values.set(keyOf(index), memory.add(new Uint8Array(map.valueSize * copies(map))));
    all.set(address, { map, values });
  }
  const reserved = new Map<bigint, Uint8Array>();
  let records: Uint8Array[] = [];

  const elementsOf = (address: bigint): Elements => {
    const found = all.get(address);
    if (!found) throw new Error(`no map at 0x${address.toString(16)}`);
    return found;
  };
  const textOf = (address: bigint, size: number): string =>
    Buffer.from(memory.bytes(address, size)).toString('hex');
  const update = (own: Elements, key: string, value: bigint, flags: bigint): bigint => {
    const { map, values } = own;
    const known = values.get(key);
    if (known !== undefined && flags === NOEXIST) return EEXIST;
    if (known === undefined && (flags === EXIST || map.type.includes('array'))) return ENOENT;
    if (known === undefined && values.size >= map.maxEntries) return E2BIG;
    const bytes = new Uint8Array(memory.bytes(value, map.valueSize));
    if (known === undefined)
      values.set(key, memory.add(new Uint8Array(map.valueSize * copies(map))));
    memory.bytes(ofCpu(own, values.get(key) ?? 0n), map.valueSize).set(bytes);
    return 0n;
  };
  /** Copies up to a NUL, which is always put; gives the length with it. */
  const copyText = (to: bigint, size: number, from: bigint): bigint => {
    for (let at = 0; at < size; at += 1) {
      if (!memory.has(from + BigInt(at), 1)) return EFAULT;
      const byte = at === size - 1 ? 0n : memory.load(from + BigInt(at), 1);
      memory.store(to + BigInt(at), 1, byte);
      if (byte === 0n) return BigInt(at + 1);
    }
    return 0n;
  };
  const copy = (to: bigint, size: number, from: bigint): bigint => {
    if (!memory.has(from, size)) {
      memory.bytes(to, size).fill(0);
      return EFAULT;
    }
    memory.bytes(to, size).set(new Uint8Array(memory.bytes(from, size)));
    return 0n;
  };
  const send = (bytes: Uint8Array): bigint => {
    if (records.length >= room) return -11n;
    records.push(bytes);
    return 0n;
  };

  const call = (name: string, [a = 0n, b = 0n, c = 0n, d = 0n]: readonly bigint[]): bigint => {
    const failed = world.fails?.(name);
    if (failed !== undefined) return failed;
    switch (name) {
      case 'map_lookup_elem':
      case 'map_lookup_percpu_elem': {
        const own = elementsOf(a);
        const first = own.values.get(textOf(b, own.map.keySize));
        if (first === undefined) return 0n;
        return ofCpu(own, first, name === 'map_lookup_elem' ? current : Number(c));
      }
      case 'map_update_elem': {
        const own = elementsOf(a);
        return update(own, textOf(b, own.map.keySize), c, d);
      }
      case 'map_delete_elem': {
        const { map, values } = elementsOf(a);
        return values.delete(textOf(b, map.keySize)) ? 0n : ENOENT;
      }
      case 'for_each_map_elem': {
        const own = elementsOf(a);
        let visited = 0n;
        for (const [bytes, value] of [...own.values]) {
          visited += 1n;
          const key = memory.add(new Uint8Array(Buffer.from(bytes, 'hex')));
          if (enter(b, a, key, ofCpu(own, value), c) !== 0n) break;
        }
        return visited;
      }
      case 'loop': {
        for (let round = 0n; round < a; round += 1n)
          if (enter(b, round, c) !== 0n) return round + 1n;
        return a;
      }
      case 'ktime_get_ns':
      case 'ktime_get_boot_ns':
      case 'ktime_get_coarse_ns':
      case 'ktime_get_tai_ns':
      case 'jiffies64':
        return now();
      case 'get_prandom_u32':
        return 0x1234_5678n;
      case 'get_smp_processor_id':
        return BigInt(current);
      case 'get_numa_node_id':
      case 'get_current_uid_gid':
        return 0n;
      case 'get_current_cgroup_id':
        return 77n;
      case 'get_current_pid_tgid':
        return (BigInt(pid) << 32n) | BigInt(tid);
      case 'get_ns_current_pid_tgid':
        memory.store(c, 4, BigInt(tid));
        memory.store(c + 4n, 4, BigInt(pid));
        return 0n;
      case 'get_current_comm':
        memory.bytes(a, Number(b)).set(Buffer.from(comm.padEnd(Number(b), '\0')));
        return 0n;
      case 'get_current_task':
      case 'get_current_task_btf':
        return task;
      case 'probe_read':
      case 'probe_read_user':
      case 'probe_read_kernel':
        return copy(a, Number(b), c);
      case 'probe_read_user_str':
      case 'probe_read_kernel_str':
        return copyText(a, Number(b), c);
      // Of a kprobe at a function's start.
      case 'get_func_ip':
        return memory.load(a + 128n, 8);
      case 'snprintf': {
        if (Buffer.from(memory.bytes(c, 4)).toString() !== '%ps\0')
          throw new Error('snprintf is interpreted for symbols alone');
        const name = Buffer.from(`${world.symbol?.(memory.load(d, 8)) ?? ''}\0`);
        memory.bytes(a, Number(b)).set(name.subarray(0, Number(b)));
        return BigInt(name.length);
      }
      case 'ringbuf_reserve': {
        if (records.length >= room) return 0n;
        const bytes = new Uint8Array(Number(b)).fill(0xa5);
        const address = memory.add(bytes);
        reserved.set(address, bytes);
        return address;
      }
      case 'ringbuf_submit': {
        const bytes = reserved.get(a);
        if (!bytes) throw new Error('what is submitted was not reserved');
        reserved.delete(a);
        send(bytes);
        return 0n;
      }
      case 'ringbuf_discard':
        reserved.delete(a);
        return 0n;
      case 'ringbuf_output':
        return send(new Uint8Array(memory.bytes(b, Number(c))));
      case 'ringbuf_query':
        return 0n;
      default:
        throw new Error(`the helper ${name} is not interpreted`);
    }
  };

  return {
    call,
    goTo: (cpu: number): void => {
      current = cpu;
    },
    mapAddress: (name: string): bigint => addresses.get(name) ?? 0n,
    /** Keys and values of a map, as they are; of per-CPU maps those of the first CPU. */
    elements: (name: string): readonly (readonly [Uint8Array, Uint8Array])[] => {
      const { map, values } = elementsOf(addresses.get(name) ?? 0n);
      return [...values].map(([key, value]) => [
        new Uint8Array(Buffer.from(key, 'hex')),
        memory.bytes(value, map.valueSize),
      ]);
    },
    /** Records since the last time. */
    taken: (): readonly Uint8Array[] => {
      const taken = records;
      records = [];
      return taken;
    },
  };
}

function keyOf(index: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(index);
  return bytes.toString('hex');
}
