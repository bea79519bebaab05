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
  readonly fails?: (helper: string, args: readonly (bigint | undefined)[]) => bigint | undefined;
  /** How many CPUs there are: one where it is not said. */
  readonly cpus?: number;
  /** What the loader says to programs, beside the number of CPUs. */
  readonly shared?: Partial<Readonly<Record<SharedVariableName, bigint>>>;
  /** The kernel's function at an address, with its module. */
  readonly symbol?: (address: bigint) => string;
  /** Records that fit the ring. */
  readonly room?: number;
  /** Of the place where the program is attached. */
  readonly cookie?: bigint;
  /** Of the current task in its process, as they stand in struct pt_regs. */
  readonly registers?: Uint8Array;
  /** The name of a struct path. */
  readonly path?: (address: bigint) => string;
  /** Frames, innermost first: of the kernel, and of a process. */
  readonly stack?: (space: 'kernel' | 'user') => readonly bigint[];
}

/** How many arguments helpers are given, of those that are interpreted. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  ...{ map_lookup_elem: 2, map_lookup_percpu_elem: 3, map_update_elem: 4, map_delete_elem: 2 },
  ...{ for_each_map_elem: 4, loop: 4, task_storage_get: 4, task_storage_delete: 2 },
  ...{ ktime_get_ns: 0, ktime_get_boot_ns: 0, ktime_get_coarse_ns: 0, ktime_get_tai_ns: 0 },
  ...{ jiffies64: 0, get_prandom_u32: 0, get_smp_processor_id: 0, get_numa_node_id: 0 },
  ...{ get_current_uid_gid: 0, get_current_cgroup_id: 0, get_current_pid_tgid: 0 },
  ...{ get_ns_current_pid_tgid: 4, get_current_comm: 2, get_current_task: 0 },
  ...{ get_current_task_btf: 0, get_attach_cookie: 1, get_func_ip: 1, get_socket_cookie: 1 },
  ...{ probe_read: 3, probe_read_user: 3, probe_read_kernel: 3, probe_read_user_str: 3 },
  ...{ probe_read_kernel_str: 3, probe_write_user: 3, get_stack: 4, snprintf: 5 },
  ...{ ringbuf_reserve: 3, ringbuf_submit: 2, ringbuf_discard: 2, ringbuf_output: 4 },
  ...{ d_path: 3, task_pt_regs: 1, skb_output: 5 },
  ...{ ringbuf_query: 2, send_signal: 1, override_return: 2, seq_write: 3 },
};

interface Elements {
  readonly map: InspectedMap;
  /** By the key's bytes; the address of the value, of per-CPU maps that of the first CPU's. */
  readonly values: Map<string, bigint>;
}

/** include/uapi/asm-generic/errno-base.h */
const [ENOENT, E2BIG, EFAULT, EEXIST, ENAMETOOLONG] = [-2n, -7n, -14n, -17n, -36n];

const [NOEXIST, EXIST] = [1n, 2n];

export function createHelpers(
  memory: Memory,
  maps: readonly InspectedMap[],
  world: World,
  enter: (code: bigint, ...args: readonly bigint[]) => bigint,
) {
  /** What helpers call may say nothing else (check_return_code, kernel/bpf/verifier.c). */
  const goesOn = (code: bigint, ...args: readonly bigint[]): boolean => {
    const answer = enter(code, ...args);
    if (answer > 1n) throw new Error(`a callback says ${answer}`);
    return answer === 0n;
  };
  const { pid = 1234, tid = pid, comm = 'tested', room = 1 << 20, cpus = 1 } = world;
  let current = 0;
  const copies = ({ type }: InspectedMap): number => (type.includes('percpu') ? cpus : 1);
  /** Where the value of a CPU is. */
  const ofCpu = ({ map }: Elements, first: bigint, cpu = current): bigint =>
    copies(map) === 1 ? first : first + BigInt(cpu * map.valueSize);
  let clock = 1_000_000_000_000n;
  const now = world.clock ?? (() => (clock += 1000n));
  const task = memory.add(world.task ?? new Uint8Array(16_384));
  const registers = memory.add(world.registers ?? new Uint8Array(256));
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
    if (flags > EXIST) throw new Error(`an update with the flags ${flags}`);
    const bytes = new Uint8Array(memory.bytes(value, map.valueSize));
    if (known === undefined)
      values.set(key, memory.add(new Uint8Array(map.valueSize * copies(map))));
    memory.room(ofCpu(own, values.get(key) ?? 0n), map.valueSize).set(bytes);
    return 0n;
  };
  /** Copies up to a NUL, which is always put; gives the length with it. What cannot be read is all zero. */
  const copyText = (to: bigint, size: number, from: bigint, space: 'kernel' | 'user'): bigint => {
    const room = memory.room(to, size);
    for (let at = 0; at < size; at += 1) {
      const place = from + BigInt(at);
      if (!memory.has(place, 1, space)) {
        room.fill(0);
        return EFAULT;
      }
      room[at] = at === size - 1 ? 0 : (memory.bytes(place, 1)[0] ?? 0);
      if (room[at] === 0) return BigInt(at + 1);
    }
    return 0n;
  };
  const copy = (to: bigint, size: number, from: bigint, space?: 'kernel' | 'user'): bigint => {
    const isThere = memory.has(from, size, space);
    const bytes = isThere ? new Uint8Array(memory.bytes(from, size)) : new Uint8Array(size);
    memory.room(to, size).set(bytes);
    return isThere ? 0n : EFAULT;
  };
  const send = (bytes: Uint8Array): bigint => {
    if (records.length >= room) return -11n;
    records.push(bytes);
    return 0n;
  };

  /** Made for the current task, of each map. */
  const ofTask = new Map<bigint, bigint>();
  const sequence: Uint8Array[] = [];

  const call = (name: string, given: readonly (bigint | undefined)[]): bigint => {
    const count = ARGUMENTS[name] ?? 0;
    if (given.slice(0, count).includes(undefined)) throw new Error(`${name} lacks an argument`);
    const [a = 0n, b = 0n, c = 0n, d = 0n] = given;
    const failed = world.fails?.(name, given);
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
          if (!goesOn(b, a, key, ofCpu(own, value), c)) break;
        }
        return visited;
      }
      case 'loop': {
        for (let round = 0n; round < a; round += 1n) if (!goesOn(b, round, c)) return round + 1n;
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
      case 'task_storage_get': {
        elementsOf(a);
        if (b !== task) throw new Error('the values of another task');
        if (!ofTask.has(a) && d === 1n)
          ofTask.set(a, memory.add(new Uint8Array(elementsOf(a).map.valueSize)));
        return ofTask.get(a) ?? 0n;
      }
      case 'task_storage_delete':
        return ofTask.delete(a) ? 0n : ENOENT;
      case 'get_attach_cookie':
        return world.cookie ?? 0n;
      case 'get_stack': {
        const space = (d & 256n) === 0n ? 'kernel' : 'user';
        const frames = world.stack?.(space) ?? [];
        const words = new BigUint64Array(frames.slice(0, Number(c) / 8));
        const bytes = new Uint8Array(words.buffer);
        const room = memory.room(b, Number(c));
        room.fill(0);
        room.set(bytes);
        return BigInt(bytes.length);
      }
      case 'probe_write_user':
        if (!memory.has(a, Number(c), 'user')) return EFAULT;
        memory.room(a, Number(c)).set(new Uint8Array(memory.bytes(b, Number(c))));
        return 0n;
      case 'send_signal':
      case 'override_return':
        return 0n;
      // So it says which socket it was given.
      case 'get_socket_cookie':
        return a;
      case 'task_pt_regs':
        return registers;
      case 'd_path': {
        const name = Buffer.from(`${world.path?.(a) ?? ''}\0`);
        if (name.length > Number(c)) return ENAMETOOLONG;
        memory.room(b, Number(c)).set(name);
        return BigInt(name.length);
      }
      case 'skb_output':
        return send(new Uint8Array(memory.bytes(d, Number(given[4] ?? 0n))));
      case 'seq_write':
        sequence.push(new Uint8Array(memory.bytes(b, Number(c))));
        return 0n;
      case 'get_ns_current_pid_tgid':
        memory.store(c, 4, BigInt(tid));
        memory.store(c + 4n, 4, BigInt(pid));
        return 0n;
      case 'get_current_comm':
        memory.room(a, Number(b)).set(Buffer.from(comm.padEnd(Number(b), '\0')));
        return 0n;
      case 'get_current_task':
      case 'get_current_task_btf':
        return task;
      case 'probe_read':
        return copy(a, Number(b), c);
      case 'probe_read_user':
        return copy(a, Number(b), c, 'user');
      case 'probe_read_kernel':
        return copy(a, Number(b), c, 'kernel');
      case 'probe_read_user_str':
        return copyText(a, Number(b), c, 'user');
      case 'probe_read_kernel_str':
        return copyText(a, Number(b), c, 'kernel');
      // Of a kprobe at a function's start.
      case 'get_func_ip':
        return memory.load(a + 128n, 8);
      case 'snprintf': {
        if (Buffer.from(memory.bytes(c, 4)).toString() !== '%ps\0')
          throw new Error('snprintf is interpreted for symbols alone');
        const name = Buffer.from(`${world.symbol?.(memory.load(d, 8)) ?? ''}\0`);
        memory.room(a, Number(b)).set(name.subarray(0, Number(b)));
        return BigInt(name.length);
      }
      case 'ringbuf_reserve': {
        if (records.length + reserved.size >= room) return 0n;
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
        if (!reserved.delete(a)) throw new Error('what is given back was not reserved');
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
    /** Puts an element into a map, of each CPU. */
    put: (name: string, key: Uint8Array, value: Uint8Array): void => {
      const { map, values } = elementsOf(addresses.get(name) ?? 0n);
      const whole = new Uint8Array(map.valueSize * copies(map));
      for (let at = 0; at < whole.length; at += map.valueSize) whole.set(value, at);
      values.set(Buffer.from(key).toString('hex'), memory.add(whole));
    },
    /** Keys and values of a map, as they are; of per-CPU maps those of the first CPU. */
    elements: (name: string): readonly (readonly [Uint8Array, Uint8Array])[] => {
      const { map, values } = elementsOf(addresses.get(name) ?? 0n);
      return [...values].map(([key, value]) => [
        new Uint8Array(Buffer.from(key, 'hex')),
        memory.bytes(value, map.valueSize),
      ]);
    },
    /** What a verifier wants to be done at the end of a program. What it leaves in scratch memory is nothing to read. */
    end: (): void => {
      if (reserved.size > 0) throw new Error('a record is neither sent nor given back');
      for (const { map, values } of all.values())
        for (const address of values.values()) {
          const bytes = memory.bytes(address, map.valueSize * copies(map));
          if (map.name === 'running' && bytes.some(Boolean))
            throw new Error('a program is still marked as being under way');
          // The first word may say whether it is in use.
          if (map.name === 'scratch')
            for (let at = 0; at < bytes.length; at += map.valueSize)
              bytes.subarray(at + 8, at + map.valueSize).fill(0xa5);
        }
    },
    /** What iterators wrote since the last time. */
    written: (): Uint8Array => new Uint8Array(Buffer.concat(sequence.splice(0))),
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
