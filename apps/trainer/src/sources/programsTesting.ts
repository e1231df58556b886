import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { command } from '../commands/testing.ts'
import { Forks } from './forksTesting.ts'

/** The folder of the Python client, with the programs. */
export const CLIENT = fileURLToPath(new URL('../../../../clients/python', import.meta.url))
/** A Python with the training programs; undefined if none is set. */
export const python = process.env['BESTMARK_PYTHON']
/** Added to the names of skipped tests: why they are skipped. */
export const why = python
  ? ''
  : ' (skipped: BESTMARK_PYTHON names no Python with the training programs; .ci/python makes one)'
const skippable = test.skipIf(!python)
/** A program takes seconds, or minutes on the first start of its libraries. */
export const real = (rule: string, check: () => Promise<void>) =>
  skippable(rule, { timeout: 300_000 }, check)

/** For a real program: its client, no GPU, and one thread, since idle threads of small models only spin. */
export const PROGRAM_ENV = {
  PYTHONPATH: join(CLIENT, 'src'),
  CUDA_VISIBLE_DEVICES: '',
  OMP_NUM_THREADS: '1',
}

/** The process that forks for each run of a program, by the program; each has loaded its libraries. */
const forks = new Map<string, Forks>()

/** Trains with a real program in a separate process, and returns its output. */
export async function train(program: string, folder: string, ...words: string[]): Promise<string> {
  const path = join(CLIENT, 'programs', program)
  const process = forks.get(program) ?? new Forks(python ?? '', path, PROGRAM_ENV)
  forks.set(program, process)
  return process.run([folder, ...words])
}

/** The fields of `bestmark pick --json` that these tests use. */
interface Picked {
  best_step: number
  best_metric: number
  best_metric_name: string
  direction: string
  declared_by: string
  second_opinion: object | null
}

export async function pick(folder: string): Promise<Picked> {
  const { stdout, stderr } = await command(['pick', '--json', folder])
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Picked
}

/** The rows of a CSVLogger's file, as numbers by column. */
export async function csvRows(file: string): Promise<Record<string, number>[]> {
  const [head = '', ...lines] = (await readFile(file, 'utf8')).trim().split(/\r?\n/)
  const names = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, index) => [name, Number(cells[index])]))
  })
}
