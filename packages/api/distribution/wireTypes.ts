import ts from 'typescript'

/** The standard types that the wire keeps. */
const KEPT = new Set(['Date', 'Float64Array', 'Float32Array', 'Uint8Array', 'AsyncIterable'])

const INDENT = '  '

/**
 * Writes types as declarations that need no other file: the fields with their comments, and the
 * names of types that have one. Only plain data and KEPT are written, because the wire carries
 * nothing else.
 */
export class WireTypes {
  readonly #program: ts.Program
  readonly #checker: ts.TypeChecker
  readonly #names: ReadonlyMap<ts.Type, ts.Symbol>
  readonly #declared = new Map<ts.Type, { name: string; text: string }>()

  /** `named` are the modules whose exported types keep their names. */
  constructor(program: ts.Program, named: readonly ts.SourceFile[]) {
    this.#program = program
    this.#checker = program.getTypeChecker()
    this.#names = namesIn(this.#checker, named)
  }

  /** The declarations of all names that were written, by name. */
  get declarations(): string {
    const all = [...this.#declared.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return all.map(({ text }) => text).join('\n\n')
  }

  /** One type as text. Throws if it holds what the wire cannot carry; `where` names it then. */
  write(type: ts.Type, where: string): string {
    const symbol = this.#names.get(type) ?? this.#interfaceOf(type)
    return symbol ? this.#reference(symbol, type, where) : this.#body(type, where)
  }

  /** The comment of a field or a procedure, to be written above it. */
  comment(symbol: ts.Symbol): string {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker))
    if (text === '') return ''
    const lines = text.replaceAll('*/', '*\\/').split('\n')
    return lines.length === 1
      ? `/** ${lines[0]} */\n`
      : `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`
  }

  #reference(symbol: ts.Symbol, type: ts.Type, where: string): string {
    const previous = this.#declared.get(type)
    if (previous) return previous.name
    const taken = [...this.#declared.values()].filter(({ name }) => name.startsWith(symbol.name))
    const name = taken.some((one) => one.name === symbol.name)
      ? `${symbol.name}${taken.length + 1}`
      : symbol.name
    const entry = { name, text: '' }
    this.#declared.set(type, entry)
    entry.text = `${this.comment(symbol)}export type ${name} = ${this.#body(type, where)}`
    return name
  }

  #body(type: ts.Type, where: string): string {
    if (type.isUnion()) return this.#union(type.types, where)
    if (isPlain(type)) return this.#checker.typeToString(type)
    if (this.#checker.isTupleType(type)) return `[${this.#elements(type, where).join(', ')}]`
    if (this.#checker.isArrayType(type)) {
      const [element = 'never'] = this.#elements(type, where)
      return /^\w+$/.test(element) ? `${element}[]` : `(${element})[]`
    }
    const { name } = type.symbol ?? {}
    if (name !== undefined && KEPT.has(name) && this.#isStandard(type.symbol)) {
      return name === 'AsyncIterable' ? `${name}<${this.#elements(type, where, 1).join()}>` : name
    }
    return this.#object(type, where)
  }

  /** The members of a union, with null and undefined at its end. */
  #union(types: readonly ts.Type[], where: string): string {
    const written = new Set(types.map((one) => this.write(one, where)))
    const isBoolean = written.has('true') && written.has('false')
    const rest = isBoolean ? ['true', 'false', 'null', 'undefined'] : ['null', 'undefined']
    return [
      ...(isBoolean ? ['boolean'] : []),
      ...[...written].filter((text) => !rest.includes(text)),
      ...['null', 'undefined'].filter((text) => written.has(text)),
    ].join(' | ')
  }

  #elements(type: ts.Type, where: string, count = Infinity): string[] {
    const reference = isReference(type) ? type : undefined
    if (!reference) throw new TypeError(`${where}: ${this.#text(type)} has no elements.`)
    const elements = this.#checker.getTypeArguments(reference).slice(0, count)
    return elements.map((one) => this.write(one, `${where}[]`))
  }

  #object(type: ts.Type, where: string): string {
    const isData = type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)
    if (
      !isData ||
      type.getCallSignatures().length > 0 ||
      type.getConstructSignatures().length > 0
    ) {
      throw new TypeError(`${where}: the wire cannot carry ${this.#text(type)}.`)
    }
    const indexes = this.#checker.getIndexInfosOfType(type).map((index) => {
      const key = this.#checker.typeToString(index.keyType)
      return `[key: ${key}]: ${this.write(index.type, `${where}[${key}]`)}`
    })
    const fields = this.#checker
      .getPropertiesOfType(type)
      .map((field) => this.#field(field, `${where}.${field.name}`))
    return block([...indexes, ...fields])
  }

  #field(field: ts.Symbol, where: string): string {
    const type = this.#checker.getTypeOfSymbol(field)
    const isOptional = (field.flags & ts.SymbolFlags.Optional) !== 0
    const name = /^[A-Za-z_]\w*$/.test(field.name) ? field.name : JSON.stringify(field.name)
    return `${this.comment(field)}${name}${isOptional ? '?' : ''}: ${this.write(type, where)}`
  }

  #interfaceOf(type: ts.Type): ts.Symbol | undefined {
    const { symbol } = type
    if (!symbol || !(symbol.flags & ts.SymbolFlags.Interface) || this.#isStandard(symbol)) return
    return isReference(type) && this.#checker.getTypeArguments(type).length > 0 ? undefined : symbol
  }

  #isStandard(symbol: ts.Symbol): boolean {
    return (symbol.declarations ?? []).some((one) => {
      return this.#program.isSourceFileDefaultLibrary(one.getSourceFile())
    })
  }

  #text(type: ts.Type): string {
    return this.#checker.typeToString(type)
  }
}

/** An object type with these fields, or an object of procedures. */
export function block(fields: readonly string[]): string {
  if (fields.length === 0) return '{}'
  const text = fields.map((field) => `${field}\n`).join('')
  return `{\n${text.replaceAll(/^(?=.)/gm, INDENT)}}`
}

function namesIn(
  checker: ts.TypeChecker,
  modules: readonly ts.SourceFile[],
): ReadonlyMap<ts.Type, ts.Symbol> {
  const symbols = modules.flatMap((file) => {
    const module = checker.getSymbolAtLocation(file)
    return module ? checker.getExportsOfModule(module) : []
  })
  const aliases = symbols
    .map((one) => (one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one))
    .filter(({ flags }) => flags & ts.SymbolFlags.TypeAlias)
  const named = aliases.map((one) => [checker.getDeclaredTypeOfSymbol(one), one] as const)
  return new Map(named.filter(([type]) => !isPlain(type) && !isOptionalValue(type)))
}

/** Text or a number, or null: a name would say less than the type. */
function isOptionalValue(type: ts.Type): boolean {
  return type.isUnion() && type.types.every((one) => isPlain(one) && !one.isLiteral())
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return 'target' in type
}

/** A value without fields: text, a number, a literal, null. */
function isPlain({ flags }: ts.Type): boolean {
  const plain =
    ts.TypeFlags.StringLike |
    ts.TypeFlags.NumberLike |
    ts.TypeFlags.BooleanLike |
    ts.TypeFlags.BigIntLike |
    ts.TypeFlags.Null |
    ts.TypeFlags.Undefined |
    ts.TypeFlags.Void |
    ts.TypeFlags.Unknown
  return (flags & plain) !== 0
}
