/** Variables through which the loader and the programs talk: `.rodata` before loading, `.bss` at run time. */
import { bytes, unsigned } from '../../linker/btf/types.ts';
import { mapSymbol, NAME_PREFIXES } from '../../linker/contract/names.ts';
import { SHARED_VARIABLES, type SharedVariableName } from '../../linker/contract/variables.ts';
import type { IrValue } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import type { TypeNumber } from '../types/type.ts';
import type { HostQuestion } from './lowering.ts';
import type { FunctionState, ObjectVariable, UnitState } from './state.ts';

export function sharedVariable(name: SharedVariableName): ObjectVariable {
  const { symbol, section, size } = SHARED_VARIABLES[name];
  return { symbol, section, type: size === 16 ? bytes(size) : unsigned(size) };
}

/** Symbol of such a variable, which the unit has from now on. */
export function sharedSymbol({ unit }: FunctionState, name: SharedVariableName): string {
  unit.shared.add(name);
  const variable = sharedVariable(name);
  unit.variable(variable);
  return variable.symbol;
}

export function intParameterSymbol(index: number): string {
  return `${NAME_PREFIXES.param}${index}`;
}

export function textParameterSymbol(index: number): string {
  return `${NAME_PREFIXES.param}${index}_text`;
}

/** Symbol of `$N` as a number. */
export function intParameter(unit: UnitState, index: number): string {
  const symbol = intParameterSymbol(index);
  unit.variable({ symbol, section: '.rodata', type: unsigned(8) });
  return symbol;
}

/** Symbol of how many buckets the values of a map have: its place is in the manifest's entry of the map. */
export function bucketsVariable(unit: UnitState, map: string): string {
  const symbol = bucketsSymbol(map);
  unit.variable({ symbol, section: '.rodata', type: unsigned(8) });
  return symbol;
}

export function bucketsSymbol(map: string): string {
  return `${NAME_PREFIXES.buckets}${mapSymbol(map)}`;
}

/** A number of a type, which verifiers know in any case. */
export function numberValue({ ir, unit }: FunctionState, number: TypeNumber): IrValue {
  if (typeof number === 'number') return ir.constant(number);
  return ir.load(ir.global(intParameter(unit, number.parameter)), 0, 8);
}

/** Symbol of a named parameter, which begins with its default; numbers and bools are i64. */
export function option(unit: UnitState, name: string): string {
  const index = unit.program.options.findIndex((candidate) => candidate.name === name);
  const found = unit.program.options[index];
  if (!found) throw new Error(`there is no parameter --${name}`);
  const symbol = optionSymbol(index);
  const { default: value } = found;
  if (value.kind === 'string') {
    const size = layoutOf(found.type).size;
    const initial = Buffer.alloc(size);
    initial.write(value.value, 'latin1');
    unit.variable({ symbol, section: '.rodata', type: bytes(size), initial });
  } else {
    const initial = Buffer.alloc(8);
    initial.writeBigUInt64LE(BigInt.asUintN(64, value.value));
    unit.variable({ symbol, section: '.rodata', type: unsigned(8), initial });
  }
  return symbol;
}

/** Names may hold characters that symbols cannot: they are numbered. */
export function optionSymbol(index: number): string {
  return `${NAME_PREFIXES.option}${index}`;
}

/** Symbol of what the loader finds out about its host; equal questions share one. */
export function hostValue(unit: UnitState, question: HostQuestion): string {
  const { kind, name, program, enum: of, param } = question;
  const known = unit.hostValues.findIndex(
    (other) =>
      other.kind === kind &&
      other.name === name &&
      other.program === program &&
      other.enum === of &&
      other.param === param,
  );
  const symbol = hostValueSymbol(known === -1 ? unit.hostValues.push(question) - 1 : known);
  unit.variable({ symbol, section: '.rodata', type: unsigned(8) });
  return symbol;
}

export function hostValueSymbol(index: number): string {
  return `${NAME_PREFIXES.hostValue}${index}`;
}

/** Symbol of `$N` as text. */
export function textParameter(unit: UnitState, index: number): string {
  const symbol = textParameterSymbol(index);
  const size = unit.config.maxStrlen;
  unit.variable({ symbol, section: '.rodata', type: bytes(size) });
  return symbol;
}
