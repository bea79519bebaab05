/** Written by `npm run docs`, out of the grammar: see lookahead.ts. */
import type { Choices } from './lookahead.ts';

export const CHOICES: Choices = {
  'typeQuery/Alternation/0': 'SizeOf | TypeInfo',
  'offsetOf/Repetition/0': 'Dot',
  'typeOrExpression/Alternation/0':
    'Struct Union Enum TypeOf Identifier | PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'type/Alternation/0': 'Struct Union Enum | TypeOf | Identifier',
  'type/Alternation/1': 'Star | LeftBracket',
  'type/Repetition/0': 'Star LeftBracket',
  'type/Option/0': 'Integer',
  'aggregateType/Alternation/0': 'Struct | Union | Enum',
  'expression/Option/0': 'Question',
  'expression/Option/1':
    'PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'binary/Repetition/0': 'BinaryOperator',
  'unary/Alternation/0':
    'PrefixOperator | StepOperator | LeftParen | Comptime | Integer Quoted Variable MapName Positional ParameterCount LeftParen LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'postfix/Alternation/0': 'Dot | Arrow | LeftBracket | StepOperator',
  'postfix/Alternation/1': 'Identifier | Integer',
  'postfix/Repetition/0': 'Dot Arrow LeftBracket StepOperator',
  'indexes/Repetition/0': 'Comma',
  'primary/Alternation/0':
    'Integer | Quoted | Variable | MapName | Positional | ParameterCount | LeftParen | LeftCurly | If | SizeOf TypeInfo | OffsetOf | True | False | Identifier',
  'mapExpression/Option/0': 'LeftBracket',
  'identifierOrCall/Alternation/9': 'Comma | *',
  'identifierOrCall/Repetition/1':
    'TypeOf Struct Union Enum Identifier PrefixOperator StepOperator LeftParen Integer Quoted Variable MapName Positional ParameterCount LeftCurly',
  'identifierOrCall/Option/0': 'LeftParen',
  'argument/Alternation/0':
    'TypeOf | Struct Union Enum TypeOf Identifier | PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'paren/Alternation/0':
    'Identifier * | PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier | *',
  'elements/Alternation/9': 'Comma | *',
  'elements/Repetition/1':
    'PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'elements/Option/0': 'Comma',
  'recordFields/Alternation/9': 'Comma | *',
  'recordFields/Repetition/1': 'Identifier',
  'ifExpression/Alternation/0': 'LeftCurly | If',
  'ifExpression/Repetition/0': 'Else',
  'ifExpression/Option/1': 'Else',
  'ifLink/Option/0': 'Comptime',
  'block/Repetition/0':
    'LeftCurly If While Unroll For Let Break Continue Return Import PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount SizeOf TypeInfo OffsetOf True False Identifier',
  'terminator/Alternation/0': 'Semicolon | *',
  'statement/Alternation/0':
    'LeftCurly | If | While | Unroll | For | Let | Break Continue Return | Import | PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'expressionStatement/Option/0': 'AssignmentOperator',
  'let/Option/0': 'Colon',
  'let/Option/1': 'Assign',
  'for/Alternation/0': 'LeftParen | Variable',
  'forSource/Option/0': 'DotDot',
  'jump/Alternation/0': 'Break | Continue | Return',
  'jump/Option/0':
    'PrefixOperator StepOperator LeftParen Comptime Integer Quoted Variable MapName Positional ParameterCount LeftCurly If SizeOf TypeInfo OffsetOf True False Identifier',
  'probeList/Alternation/0': 'LeftParen | Variable',
  'probeList/Repetition/0': 'RootFor AttachPoint',
  'listItem/Alternation/0': 'RootFor | AttachPoint',
  'listHead/Alternation/9': 'Comma | *',
  'listHead/Repetition/0': 'Comma',
  'listHead/Repetition/1': 'LeftParen Quoted Integer Minus',
  'listElement/Alternation/0': 'LeftParen | Quoted Integer Minus',
  'listElement/Alternation/9': 'Comma | *',
  'listElement/Repetition/1': 'Quoted Integer Minus',
  'listValue/Alternation/0': 'Quoted | Integer | Minus',
  'probe/Alternation/0': 'PredicateStart | *',
  'probe/Option/0': 'Comma',
  'probe/RepetitionMandatory/0': 'AttachPoint',
  'program/Repetition/0':
    'PreprocessorLine Definition Config RootImport RootLet Macro Fn RootFor AttachPoint',
  'item/Alternation/0':
    'PreprocessorLine Definition | Config | RootImport | RootLet | Macro | Fn | RootFor | AttachPoint',
  'cItem/Alternation/0': 'PreprocessorLine | Definition',
  'config/Alternation/0': 'Semicolon | *',
  'config/Repetition/0': 'Identifier',
  'configEntry/Alternation/0': 'Quoted | Integer | Identifier',
  'mapDeclaration/Option/0': 'Semicolon',
  'macro/Alternation/9': 'Comma | *',
  'macro/Repetition/1': 'Variable MapName Identifier',
  'macroParameter/Alternation/0': 'Variable | MapName | Identifier',
  'fn/Alternation/9': 'Comma | *',
  'fn/Repetition/1': 'Variable',
};
