import { spawn } from 'node:child_process'
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pythonJson } from '@bestmark/core'
import { writeSafetensors } from '@bestmark/char-lm'

/** The launcher in the repository's root, as users run it. */
export const BESTMARK = fileURLToPath(new URL('../../../bestmark', import.meta.url))

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/**
 * Runs the command line in a new process and waits for its end. The caller's folder is the one of the
 * environment, since `bestmark run` searches it.
 */
export async function bestmark(
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const env = { ...process.env, ...options.env }
  const cwd = options.cwd ?? options.env?.['INIT_CWD']
  const child = spawn(BESTMARK, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/**
 * A new folder that is removed when the test ends. Commands look for runs in up to four folders above
 * a path; there they find nothing, instead of all that is in the machine's folder of temporary files.
 */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const top = await realpath(await mkdtemp(join(tmpdir(), 'bestmark-')))
  const path = join(top, '1/2/3/4')
  await mkdir(path, { recursive: true })
  return {
    path,
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true, maxRetries: 10 }),
  }
}

interface Output {
  /** Steps at which a checkpoint was saved. */
  saves: readonly number[]
  log: readonly Record<string, number>[]
  state?: Record<string, unknown>
  root?: boolean
}

/** Writes an output folder as the HuggingFace Trainer does; each checkpoint has the log up to its step. */
export async function writeOutput(
  root: string,
  { saves, log, state, root: whole }: Output,
): Promise<void> {
  const stateAt = (step: number): string => {
    const log_history = log.filter((entry) => (entry['step'] ?? 0) <= step)
    const base = { global_step: step, max_steps: 1000, num_train_epochs: 1, save_steps: 100 }
    const best = { best_metric: null, best_model_checkpoint: null }
    const fields = Object.entries({ ...best, ...base, ...state, log_history })
    fields.sort(([a], [b]) => (a < b ? -1 : 1))
    return `${pythonJson(Object.fromEntries(fields), 2)}\n`
  }
  await mkdir(root, { recursive: true })
  for (const step of saves) {
    const folder = join(root, `checkpoint-${step}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'model.safetensors'), weightsOf(step))
    await writeFile(join(folder, 'trainer_state.json'), stateAt(step))
  }
  const last = Math.max(...log.map((entry) => entry['step'] ?? 0), ...saves)
  if (whole ?? true) await writeFile(join(root, 'trainer_state.json'), stateAt(last))
}

/** A small complete safetensors file, different for each step. */
export function weightsOf(step: number): Uint8Array {
  return writeSafetensors({ weight: { shape: [1], data: Float32Array.of(step) } })
}

/** Sets old file times in a folder, as in a run that no longer trains. */
export async function makeOld(folder: string): Promise<void> {
  const longAgo = new Date(Date.now() - 86_400_000)
  const names = await readdir(folder, { recursive: true })
  for (const name of names) await utimes(join(folder, name), longAgo, longAgo)
}

/** Repeats a look until it returns a value. The time limit of the test ends it. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    await sleep(50)
  }
}

/** The files of one format in a folder of public runs, by its index. */
export async function publicFiles(corpus: string, format: string): Promise<string[]> {
  const rows = await publicRows(corpus, format)
  return rows.map((row) => join(corpus, row['saved_as'] ?? ''))
}

/** The rows of the index of public runs for one format, by column. */
export async function publicRows(
  corpus: string,
  format: string,
): Promise<Record<string, string>[]> {
  const text = await readFile(join(corpus, 'index.tsv'), 'utf8')
  const [head = [], ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  return rows
    .map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])))
    .filter((row) => row['format'] === format)
}

/** Writes files below a folder. */
export async function writeFiles(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}
