/** What BTF and `.BTF.ext` say of imported code and data, in the ids and places of the merged object. */
import { appendBtf } from './btf/append.ts';
import type { BtfBuilder } from './btf/builder.ts';
import type { CoreRecord, FunctionRecord, LineRecord, SectionRecords } from './btf/extension.ts';
import type { ImportedMap } from './btf/maps.ts';
import type { DataSectionName, Image } from './image.ts';
import type { MergedObject } from './merge.ts';
import { variablesOf } from './merge.ts';

export interface PlacedVariable {
  readonly symbol: string;
  readonly section: DataSectionName;
  readonly offset: number;
  readonly size: number;
  /** Id of its VAR. */
  readonly variable: number;
}

/** All records are of `.text`. */
export interface ImportRecords {
  readonly maps: readonly ImportedMap[];
  readonly variables: readonly PlacedVariable[];
  readonly functions: readonly FunctionRecord[];
  readonly lines: readonly LineRecord[];
  readonly core: readonly CoreRecord[];
}

export function describeImports(
  builder: BtfBuilder,
  image: Image,
  objects: readonly MergedObject[],
): ImportRecords {
  const records = objects.map((object) => describe(builder, image, object));
  return {
    maps: records.flatMap(({ maps }) => maps),
    variables: records.flatMap(({ variables }) => variables),
    functions: records.flatMap(({ functions }) => functions),
    lines: records.flatMap(({ lines }) => lines),
    core: records.flatMap(({ core }) => core),
  };
}

function describe(builder: BtfBuilder, image: Image, merged: MergedObject): ImportRecords {
  const { object, text } = merged;
  const { btf, extension } = object;
  const appended = appendBtf(builder, btf);
  const string = (offset: number): number => builder.string(btf.string(offset));
  const ofText = <Kind extends { readonly offset: number }>(
    sections: readonly SectionRecords<Kind>[],
  ): readonly Kind[] =>
    sections
      .filter(({ section }) => btf.string(section) === '.text')
      .flatMap(({ records }) => records)
      .map((record) => ({ ...record, offset: record.offset + text.start }));

  const maps: ImportedMap[] = [];
  const variables: PlacedVariable[] = [];
  for (const { name, section, value, size, type } of variablesOf(merged, appended.variables)) {
    const place = image.placeOf(section, value);
    if (place) variables.push({ symbol: name, ...place, size, variable: type });
    else maps.push({ symbol: name, size, variable: type });
  }
  return {
    maps,
    variables,
    functions: ofText(extension.functions).map((record) => ({
      ...record,
      type: appended.id(record.type),
    })),
    lines: ofText(extension.lines).map((record) => ({
      ...record,
      file: builder.string(fileName(btf.string(record.file))),
      text: string(record.text),
    })),
    core: ofText(extension.core).map((record) => ({
      ...record,
      type: appended.id(record.type),
      access: string(record.access),
    })),
  };
}

/** Without its folder, which belongs to the building machine. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
