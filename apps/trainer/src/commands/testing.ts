import { commandLine } from '../commandLine.ts'
import type { Ran } from '../testing.ts'

interface Options {
  /** The caller's folder. Otherwise it is the one of `env`. */
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** The commands before this one. They run one after another, since they share environment and outputs. */
let earlier: Promise<unknown> = Promise.resolve()

/**
 * Runs a command line in this process, which is fast. For a command that receives signals, or that
 * runs at the same time as another command, use `bestmark` of testing.ts, which starts a process.
 */
export function command(words: readonly string[], options: Options = {}): Promise<Ran> {
  const ran = earlier.then(() => runHere(words, options))
  earlier = ran.catch(() => undefined)
  return ran
}

async function runHere(words: readonly string[], { cwd, env }: Options): Promise<Ran> {
  using _env = changedEnv({ INIT_CWD: process.cwd(), ...env, ...(cwd && { INIT_CWD: cwd }) })
  using stdout = capturedOutput(process.stdout)
  using stderr = capturedOutput(process.stderr)
  const code = await commandLine(words)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** Sets variables until it is disposed of. */
function changedEnv(env: NodeJS.ProcessEnv): Disposable {
  const before = { ...process.env }
  Object.assign(process.env, env)
  const restore = (): void => {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
  return { [Symbol.dispose]: restore }
}

/** Captures the output to a stream until it is disposed of. */
function capturedOutput(stream: NodeJS.WriteStream): { text: () => string } & Disposable {
  const chunks: Buffer[] = []
  const before = Object.getOwnPropertyDescriptor(stream, 'write')
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    chunks.push(Buffer.from(chunk as string))
    const done = rest.findLast((one) => typeof one === 'function')
    if (done) setImmediate(() => void done())
    return true
  }
  const restore = (): void => {
    if (before) Object.defineProperty(stream, 'write', before)
    else Reflect.deleteProperty(stream, 'write')
  }
  return { text: () => Buffer.concat(chunks).toString(), [Symbol.dispose]: restore }
}
