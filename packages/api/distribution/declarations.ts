import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { block, WireTypes } from './wireTypes.ts'

const CLIENT = fileURLToPath(new URL('../src/client.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../src/root.ts', import.meta.url))
const NAMED = ['@bestmark/core', '@bestmark/db']

const KINDS = new Map([
  ['query', 'TRPCQueryProcedure'],
  ['mutation', 'TRPCMutationProcedure'],
  ['subscription', 'TRPCSubscriptionProcedure'],
])

/** Declarations of the client, and of every procedure's input and answer. */
export interface Declarations {
  /** `client.d.ts`, which imports `./root.js`. */
  client: string
  /** `root.d.ts`, which imports types of `@trpc/server` and nothing else. */
  root: string
}

/**
 * Reads the types of the router and writes them without the server's code, so that a program needs
 * neither a database nor this repository. Throws if a procedure's type cannot be sent.
 */
export function declarations(): Declarations {
  const program = ts.createProgram([CLIENT, ROOT], compilerOptions())
  return { client: clientDeclaration(program), root: rootDeclaration(program) }
}

function compilerOptions(): ts.CompilerOptions {
  const path = fileURLToPath(new URL('../tsconfig.json', import.meta.url))
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
    },
  }
  const { options } = ts.getParsedCommandLineOfConfigFile(path, {}, host) ?? {}
  return { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true }
}

function clientDeclaration(program: ts.Program): string {
  let written = ''
  const write: ts.WriteFileCallback = (_path, text) => (written = text)
  program.emit(sourceOf(program, CLIENT), write, undefined, true)
  return written.replaceAll("'./root.ts'", "'./root.js'")
}

function rootDeclaration(program: ts.Program): string {
  const checker = program.getTypeChecker()
  const source = sourceOf(program, ROOT)
  const module = checker.getSymbolAtLocation(source)
  const router = module && checker.tryGetMemberInModuleExports('appRouter', module)
  if (!router) throw new Error('root.ts exports no appRouter.')
  const types = new WireTypes(
    program,
    NAMED.map((name) => moduleOf(program, source, name)),
  )
  const record = new Router(checker, types).record(router)
  return [
    HEAD,
    `export type AppRouter = TRPCBuiltRouter<Root, ${record}>`,
    types.declarations,
    '',
  ].join('\n\n')
}

/** The procedures of a router, as their text. */
class Router {
  readonly #checker: ts.TypeChecker
  readonly #types: WireTypes

  constructor(checker: ts.TypeChecker, types: WireTypes) {
    this.#checker = checker
    this.#types = types
  }

  record(router: ts.Symbol): string {
    const record = this.#in(this.#checker.getTypeOfSymbol(router), '_def', 'record')
    return this.#entries(record, '')
  }

  #entries(record: ts.Type, where: string): string {
    const entries = this.#checker.getPropertiesOfType(record).map((entry) => {
      const text = this.#entry(this.#checker.getTypeOfSymbol(entry), `${where}${entry.name}`)
      return `${this.#types.comment(entry)}${entry.name}: ${text}`
    })
    return block(entries)
  }

  #entry(type: ts.Type, where: string): string {
    if (!this.#checker.getPropertyOfType(type, '_def')) return this.#entries(type, `${where}.`)
    const kind = this.#in(type, '_def', 'type')
    const name = kind.isStringLiteral() ? KINDS.get(kind.value) : undefined
    if (name === undefined)
      throw new TypeError(`${where}: procedures of this kind are not supported.`)
    const [input, output] = ['input', 'output'].map((of) => {
      return `${of}: ${this.#types.write(this.#in(type, '_def', '$types', of), `${where} ${of}`)}`
    })
    return `${name}<${block([`${input}`, `${output}`, 'meta: object', 'errorShape: ErrorShape'])}>`
  }

  #in(type: ts.Type, ...names: string[]): ts.Type {
    return names.reduce((of, name) => {
      const found = this.#checker.getPropertyOfType(of, name)
      if (!found) throw new TypeError(`A router has no ${name}.`)
      return this.#checker.getTypeOfSymbol(found)
    }, type)
  }
}

const HEAD = `import type {
  inferRouterInputs,
  inferRouterOutputs,
  TRPC_ERROR_CODE_NUMBER,
  TRPCBuiltRouter,
  TRPCDefaultErrorData,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from '@trpc/server'

interface ErrorShape {
  message: string
  code: TRPC_ERROR_CODE_NUMBER
  data: TRPCDefaultErrorData
}

interface Root {
  ctx: object
  meta: object
  errorShape: ErrorShape
  transformer: true
}

export type RouterInputs = inferRouterInputs<AppRouter>
export type RouterOutputs = inferRouterOutputs<AppRouter>`

function sourceOf(program: ts.Program, path: string): ts.SourceFile {
  const source = program.getSourceFile(path)
  if (!source) throw new Error(`${path} is not in the program.`)
  return source
}

function moduleOf(program: ts.Program, from: ts.SourceFile, name: string): ts.SourceFile {
  const options = program.getCompilerOptions()
  const { resolvedModule } = ts.resolveModuleName(
    name,
    from.fileName,
    options,
    ts.sys,
    undefined,
    undefined,
    ts.ModuleKind.ESNext,
  )
  if (!resolvedModule) throw new Error(`${name} is not found.`)
  return sourceOf(program, resolvedModule.resolvedFileName)
}
