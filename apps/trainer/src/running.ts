import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { ProcessEnd } from './process.ts'
import { readingIn } from './sources/outputLines.ts'
import { MARK, OUTPUT } from './sources/textLog.ts'

/** Of longer outputs only what is measured is kept after so much (bytes). */
const KEPT_WHOLE = 64 << 20

/** A program whose output is shown and kept. */
export interface RunningProgram {
  pid: number | undefined
  /** Passed to the program and all that it started. */
  signal: (name: NodeJS.Signals) => void
  exited: Promise<ProcessEnd>
}

/**
 * Starts a program in a process group of its own. What it prints goes on to this process's outputs
 * and into the run's folder, where the sources read it. Rejects where it cannot be started.
 */
export function startProgram(
  argv: readonly string[],
  folder: string,
  cwd: string,
): Promise<RunningProgram> {
  const [program = '', ...args] = argv
  const log = createWriteStream(join(folder, OUTPUT), { flags: 'a' })
  // Python would keep a block of output to itself where nobody looks on.
  const env = { PYTHONUNBUFFERED: '1', ...process.env }
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ['inherit', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      log.end()
      reject(new Error(`${program} could not be started: ${cause.message}`, { cause }))
    })
    child.once('spawn', () => {
      const kept = new KeptOutput(log)
      kept.mark(`started: ${argv.join(' ')}`)
      const exited = untilExit(child, kept)
      resolve({ pid: child.pid, exited, signal: (name) => signalGroup(child, name) })
    })
  })
}

async function untilExit(child: ChildProcess, kept: KeptOutput): Promise<ProcessEnd> {
  child.stdout?.on('data', (bytes: Buffer) => kept.take(bytes, 'stdout'))
  child.stderr?.on('data', (bytes: Buffer) => kept.take(bytes, 'stderr'))
  const end = await new Promise<ProcessEnd>((resolve) => {
    // `close` comes once the outputs are empty, which a grandchild may hold open for ever.
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 2_000).unref())
  })
  await kept.end(ending(end, kept.last))
  return end
}

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // It ended in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** How a program ended, in the words that the log is marked with. */
function ending({ code, signal }: ProcessEnd, last: string): string {
  if (code === 0) return 'completed'
  if (signal === 'SIGTERM' || signal === 'SIGINT' || code === 143 || code === 130) return 'stopped'
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  return `failed: The program ${how}${last ? `; it last printed: ${last.slice(0, 500)}` : ''}`
}

/** What a program printed, line by line as it came, both outputs in one file. */
class KeptOutput {
  last = ''
  readonly #log: WriteStream
  readonly #rest = { stdout: '', stderr: '' }
  #size = 0

  constructor(log: WriteStream) {
    this.#log = log
    // A full disk is no reason to end the training; what follows is tried again.
    log.on('error', () => undefined)
  }

  take(bytes: Buffer, from: 'stdout' | 'stderr'): void {
    process[from].write(bytes)
    const lines = (this.#rest[from] + bytes.toString('utf8')).split('\n')
    this.#rest[from] = lines.pop() ?? ''
    for (const line of lines) this.#keep(line)
  }

  mark(text: string): void {
    this.#log.write(`${MARK}${new Date().toISOString()} ${text.replaceAll('\n', ' ')}\n`)
  }

  async end(how: string): Promise<void> {
    for (const rest of Object.values(this.#rest)) if (rest !== '') this.#keep(rest)
    this.mark(how)
    await new Promise<void>((resolve) => this.#log.end(resolve))
  }

  #keep(line: string): void {
    if (line.trim() !== '') this.last = line.split('\r').at(-1)?.trim() ?? ''
    if (this.#size > KEPT_WHOLE && !readingIn(line.trim())) return
    this.#size += line.length + 1
    this.#log.write(`${line}\n`)
  }
}
