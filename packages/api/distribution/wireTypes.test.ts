import ts from 'typescript'
import { expect, test } from 'vitest'
import { WireTypes } from './wireTypes.ts'

const FILE = '/types.ts'
const target = ts.ScriptTarget.ES2022

/** The standard declarations, parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** What the writer makes of `Sent` in a module. */
function written(module: string): { type: string; declarations: string } {
  const options = { strict: true, target, lib: ['lib.es2022.d.ts'], types: [] }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name) => {
    if (name === FILE) return ts.createSourceFile(name, module, target)
    if (!parsed.has(name)) parsed.set(name, read(name, target))
    return parsed.get(name)
  }
  const program = ts.createProgram([FILE], options, host)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(FILE)!
  const symbol = checker.getSymbolsInScope(source, ts.SymbolFlags.Type)
  const sent = symbol.find(({ name }) => name === 'Sent')!
  const types = new WireTypes(program, [source])
  const type = types.write(checker.getDeclaredTypeOfSymbol(sent), 'Sent')
  return { type, declarations: types.declarations }
}

test('plain data is written with its optional fields, lists, tuples and unions', () => {
  const { type } = written(`
    type Sent = { a?: string; b: (number | null)[]; c: [boolean, 'x']; d: Float64Array; 'e f': Date }
    export {}
  `)
  expect(type).toBe(
    [
      '{',
      '  a?: string | undefined',
      '  b: (number | null)[]',
      '  c: [boolean, "x"]',
      '  d: Float64Array',
      '  "e f": Date',
      '}',
    ].join('\n'),
  )
})

test('an exported name is written once, with its comment, also where it contains itself', () => {
  const { type, declarations } = written(`
    /** A tree. */
    export type Tree = { children: Tree[]; state: State | null }
    export type State = 'open' | 'closed'
    type Sent = { one: Tree; other: Tree }
  `)
  expect(type).toBe('{\n  one: Tree\n  other: Tree\n}')
  expect(declarations.match(/export type Tree/g)).toHaveLength(1)
  expect(declarations).toContain('/** A tree. */\nexport type Tree = {\n  children: Tree[]\n')
})

test('interfaces of one name in two places get two names', () => {
  const { type } = written(`
    namespace A { export interface One { a: string } }
    namespace B { export interface One { b: string } }
    type Sent = { a: A.One; b: B.One }
    export {}
  `)
  expect(type).toBe('{\n  a: One\n  b: One2\n}')
})

test('a type that the wire cannot carry is refused with its path', () => {
  expect(() => written('type Sent = { list: { call: () => void }[] }; export {}')).toThrow(
    'Sent.list[].call: the wire cannot carry () => void.',
  )
  expect(() => written('type Sent = { what: any }; export {}')).toThrow(
    'Sent.what: the wire cannot carry any.',
  )
})
