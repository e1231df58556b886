import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Checkpoint,
  contextOf,
  explain,
  NoteCode,
  type RunContext,
  type RunRows,
  rowsFrom,
  select,
  type SelectionInput,
} from '@bestmark/core'
import { readRun } from '../../apps/trainer/src/sources/readRun.ts'
import { printLine } from '../figures.ts'
import { NOTE_CHECKS, type GivenNote } from './noteChecks.ts'

/** How often a note was given, and how often it was right if a fact can check it. */
export interface Precision {
  code: NoteCode
  given: number
  right: number
  /** The runs where it was not right. */
  wrong: string[]
}

/** Counts every note over public runs, and prints a table of them. */
export async function run(): Promise<void> {
  const corpus = process.env['BESTMARK_CORPUS']
  if (!corpus) return printLine('  skipped: BESTMARK_CORPUS names no folder of public runs')
  const { runs, found } = await precisions(corpus)
  printLine(`  ${runs} public runs\n`)
  printLine('| note | given | right | right where |\n| --- | ---: | ---: | --- |')
  for (const { code, given, right, wrong } of found) {
    const check = NOTE_CHECKS[code]
    const share = check && given > 0 ? `${right} (${Math.round((100 * right) / given)} %)` : '–'
    printLine(
      `| ${code} | ${given} | ${share} | ${check?.right_where ?? 'no other fact can check it'} |`,
    )
    for (const name of wrong) printLine(`  wrong: ${name}`)
  }
  printLine(
    '\n| note | given in the run made for it | given in its near miss |\n| --- | --- | --- |',
  )
  for (const { code, isGiven, isGivenWrongly } of await madeRuns()) {
    printLine(`| ${code} | ${isGiven ? 'yes' : 'no'} | ${isGivenWrongly ? 'yes' : 'no'} |`)
  }
}

/** Real runs made for the notes that no public run gives: one that must give it, and a near miss. */
const MADE = fileURLToPath(new URL('runs', import.meta.url))
/** Ends the name of a near miss. */
const NOT = '-not'

/** How often a note was given in the runs made for it. */
export interface MadeRuns {
  code: NoteCode
  /** Whether the run that must give it does, and whether the near miss does. */
  isGiven: boolean
  isGivenWrongly: boolean
}

/** Checks each note in the runs made for it. */
export async function madeRuns(): Promise<MadeRuns[]> {
  const names = (await readdir(MADE, { withFileTypes: true })).filter((one) => one.isDirectory())
  const codes = names.map(({ name }) => name).filter((name) => !name.endsWith(NOT))
  return Promise.all(
    NoteCode.options
      .filter((code) => codes.includes(code))
      .map(async (code) => ({
        code,
        isGiven: (await codesIn(join(MADE, code))).includes(code),
        isGivenWrongly: (await codesIn(join(MADE, `${code}${NOT}`))).includes(code),
      })),
  )
}

async function codesIn(path: string): Promise<NoteCode[]> {
  const { events } = await readRun(path)
  const facts = { rows: rowsFrom(events), context: contextOf(events) }
  return asLogged(facts).map(({ note }) => note.code)
}

/** The precision of each note over the runs of a folder, a run in each folder of its folders. */
export async function precisions(corpus: string): Promise<{ runs: number; found: Precision[] }> {
  const counts = new Map(
    NoteCode.options.map((code) => [code, { given: 0, right: 0, wrong: [] as string[] }]),
  )
  let runs = 0
  for (const path of await foldersOf(corpus)) {
    const read = await readRun(path).catch(() => undefined)
    if (!read) continue
    runs++
    const facts = { rows: rowsFrom(read.events), context: contextOf(read.events) }
    for (const one of [...asLogged(facts), ...asSaved(facts)]) {
      const count = counts.get(one.note.code)
      if (!count) continue
      count.given++
      const check = NOTE_CHECKS[one.note.code]
      if (check?.isRight(one)) count.right++
      else if (check) count.wrong.push(path.slice(corpus.length + 1))
    }
  }
  return { runs, found: [...counts].map(([code, count]) => ({ code, ...count })) }
}

async function foldersOf(corpus: string): Promise<string[]> {
  const kinds = (await readdir(corpus, { withFileTypes: true })).filter((one) => one.isDirectory())
  const inner = kinds.map(async ({ name }) => {
    const entries = await readdir(join(corpus, name), { withFileTypes: true })
    return entries.filter((one) => one.isDirectory()).map((one) => join(corpus, name, one.name))
  })
  return (await Promise.all(inner)).flat().sort()
}

interface Read {
  rows: RunRows
  context: RunContext
}

/** Notes that depend on saved checkpoints. The corpus has no weights, so these are checked apart. */
const OF_SAVES: readonly NoteCode[] = ['missed_best', 'may_be_missed']

/** The notes as if every evaluation had a checkpoint. */
function asLogged({ rows, context }: Read): GivenNote[] {
  return notesOf({ ...rows, policy: 'as_declared', among: 'evaluations' }, context).filter(
    ({ note }) => !OF_SAVES.includes(note.code),
  )
}

/** The notes on saving, with checkpoints at the run's own grid; each warning once, as it comes. */
function asSaved({ rows, context }: Read): GivenNote[] {
  const { save_steps } = context
  const last = rows.evaluations.at(-1)?.step ?? 0
  if (!save_steps) return []
  const steps = Array.from(
    { length: Math.floor(last / save_steps) },
    (_, at) => (at + 1) * save_steps,
  )
  const input = { ...rows, policy: 'as_declared', checkpoints: steps.map(saved) } as const
  const was_missed = isBestMissed(input)
  const early = rows.evaluations.flatMap((_, at) => {
    const evaluations = rows.evaluations.slice(0, at + 1)
    const now = evaluations.at(-1)?.step ?? 0
    const checkpoints = input.checkpoints.filter(({ step }) => (step ?? 0) <= now)
    const notes = notesOf({ ...input, evaluations, checkpoints }, { ...context, alive: true })
    return notes.filter(({ note }) => note.code === 'may_be_missed').slice(0, 1)
  })
  const late = notesOf(input, { ...context, alive: false })
  return [...early.slice(0, 1), ...late.filter(({ note }) => note.code === 'missed_best')].map(
    (given) => ({ ...given, was_missed }),
  )
}

function saved(step: number): Checkpoint {
  const files = { files_state: 'complete', files_why: null } as const
  return { checkpoint_id: null, attempt: 0, step, path: `checkpoint-${step}`, ...files }
}

/** Whether the best evaluation of all is better than every one at a saved step. */
function isBestMissed(input: SelectionInput): boolean {
  const best = select({ ...input, among: 'evaluations' }).best
  const steps = new Set(input.checkpoints.map(({ step }) => step))
  const shippable = select({
    ...input,
    among: 'evaluations',
    evaluations: input.evaluations.filter(({ step }) => steps.has(step)),
  }).best
  return best !== null && best.value !== shippable?.value
}

function notesOf(input: SelectionInput, context: RunContext): GivenNote[] {
  const selection = select(input)
  const explanation = explain(input, context, selection)
  const { declaration, claim, evaluations, checkpoints, save_steps = null } = input
  const lists = { evaluations: [...evaluations], checkpoints: [...checkpoints] }
  const rows = { declaration, claim, save_steps, ...lists }
  return explanation.notes.map((note) => ({ rows, context, selection, explanation, note }))
}
