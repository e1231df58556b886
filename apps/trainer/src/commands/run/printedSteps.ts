import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { statIfSeen, openHandle } from '../../files/runFile.ts'
import { ERRORS, OUTPUT } from '../../sources/output/runOutput.ts'
import { readWhole } from '../../sources/reader/source.ts'
import { findSources, openRun } from '../../sources/sources.ts'

/** The first step is looked for in this much of an output (bytes). */
const LONGEST = 1 << 20

/**
 * The first step that earlier programs printed in a folder, compared with the first step of the next
 * one. A program that prints that step again, or an earlier one, does not continue them.
 */
export class PrintedSteps {
  readonly #root: string
  readonly #first: number
  /** The sizes of the outputs before the next program (bytes). */
  readonly #sizes: Map<string, number>

  private constructor(root: string, first: number) {
    this.#root = root
    this.#first = first
    this.#sizes = new Map(
      [OUTPUT, ERRORS].map((name) => [name, statIfSeen(join(root, name))?.size ?? 0]),
    )
  }

  /** Reads the output before the next program starts; undefined if it has no steps. */
  static async before(root: string): Promise<PrintedSteps | undefined> {
    const first = await firstPrintedStep(root)
    return first === undefined ? undefined : new PrintedSteps(root, first)
  }

  /** Whether the next program has printed a step. */
  async hasBegun(): Promise<boolean> {
    return (await this.#next()) !== undefined
  }

  /** Whether the next program began with the first step again. */
  async isAgain(): Promise<boolean> {
    const next = await this.#next()
    return next !== undefined && next <= this.#first
  }

  #next(): Promise<number | undefined> {
    return firstStepIn(this.#root, this.#sizes)
  }
}

/** The first step that programs printed in a folder; undefined if there is none. */
export function firstPrintedStep(root: string): Promise<number | undefined> {
  return firstStepIn(root, new Map())
}

/** The first step in the outputs of a folder after some offsets. They are read as a run of their own. */
async function firstStepIn(
  root: string,
  from: ReadonlyMap<string, number>,
): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-output-'))
  try {
    for (const name of [OUTPUT, ERRORS]) {
      if (!statIfSeen(join(root, name))) continue
      await writeFile(join(folder, name), await partOf(join(root, name), from.get(name) ?? 0))
    }
    const sources = await findSources(folder)
    if (sources.length === 0) return undefined
    const events = await readWhole(openRun(sources, { root: folder, cursor: null, isOver: false }))
    const measured = events.filter(({ type }) => type === 'metrics' || type === 'evaluation')
    const steps = measured.flatMap((event) => ('step' in event ? [event.step ?? Infinity] : []))
    const first = steps.reduce((least, step) => Math.min(least, step), Infinity)
    return steps.length > 0 ? first : undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function partOf(path: string, from: number): Promise<Buffer> {
  await using file = await openHandle(path)
  const part = Buffer.alloc(LONGEST)
  const { bytesRead } = await file.read(part, 0, LONGEST, from)
  return part.subarray(0, bytesRead)
}
