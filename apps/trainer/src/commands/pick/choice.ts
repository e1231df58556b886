import {
  type Checkpoint,
  contextOf,
  directionOf,
  explain,
  explanationTable,
  explanationText,
  isLoss,
  isUri,
  questionLines,
  rowsFrom,
  select,
  decisionOf,
  type Explanation,
  type PolicyChoice,
  type Selection,
  type TextOptions,
  type TrainingEvent,
  type Winner,
  shellWord,
  slurmJobIn,
} from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import { optionProblemOf } from './optionProblem.ts'
import { findServingProblem } from '../../checkpoints/servable.ts'
import { type ReadNote, readerNotes, warningTexts } from '../../sources/events/newEvents.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'

/** The selection in a run on disk, and its explanation. */
export interface Choice {
  /** The absolute path of the run. Paths in the selection are relative to it. */
  root: string
  selection: Selection
  explanation: Explanation
  /** Why an option cannot be used in this run, such as a metric that was not logged. */
  problem: string | null
  /** Without any evaluation: series of training that may decide if a person names one. */
  namable: string[]
  /** Notes of the reader, such as a warning about skipped rows. */
  reader_notes: ReadNote[]
  /** The setup of the run. */
  config: Record<string, unknown>
  environment: Record<string, unknown>
}

/** Reads a run and selects its best. A single state file has only evaluations. Throws a Failure. */
export async function choiceOf(
  path: string,
  policy: PolicyChoice,
  evaluations: boolean,
): Promise<Choice> {
  const run = await readAnyRun(path)
  const context = contextOf(run.events)
  const among = evaluations || run.isSingleFile ? 'evaluations' : 'checkpoints'
  const { trainLoss, before, logged = [] } = context
  const training = before && { names: logged, before }
  const input = { ...policy, among, ...(trainLoss && { trainLoss }), training } as const
  const rows = rowsFrom(run.events)
  const full = { ...input, ...rows }
  const problem = optionProblemOf(full)
  const decision = decisionOf(full)
  const selection = select(full, decision)
  const explanation = explain(full, context, selection, decision)
  const best = selection.best?.path
  const serving = best == null ? [] : await servingNotes(run.root, best, rows.checkpoints)
  const reader_notes = [...readerNotes(run.events), ...serving]
  const setup = { config: { ...context.config }, environment: environmentIn(run.events) }
  const namable = rows.evaluations.length > 0 ? [] : logged.filter(isTaskMetric)
  return { root: run.root, selection, explanation, problem, namable, reader_notes, ...setup }
}

async function readAnyRun(path: string): Promise<ReadRun> {
  if (!isUri(path)) return readRun(path)
  // Only a run in a store loads it.
  const { readStoredRun } = await import('../../sources/stored/storedRun.ts')
  return readStoredRun(path)
}

function isTaskMetric(name: string): boolean {
  return directionOf(name) !== undefined && !isLoss(name)
}

async function servingNotes(
  root: string,
  path: string,
  checkpoints: readonly Checkpoint[],
): Promise<ReadNote[]> {
  const chosen = checkpoints.findLast((one) => one.path === path)
  if (chosen?.files_state === 'unchecked') {
    const text = `The files of ${path} were not checked: ${chosen.files_why ?? 'nobody read them'}`
    return [{ code: 'files_unchecked', level: 'warning', text, path }]
  }
  const others = checkpoints.map((one) => one.path)
  const text = await findServingProblem(root, path, others)
  return text === undefined ? [] : [{ code: 'not_servable', level: 'warning', text, path }]
}

function environmentIn(events: readonly TrainingEvent[]): Record<string, unknown> {
  const setups = events.filter((event) => event.type === 'setup')
  return Object.fromEntries(setups.flatMap(({ environment }) => Object.entries(environment)))
}

/** The most rows of the table on a terminal. */
const ROWS = 20

/** The whole explanation for a terminal, line by line. `answer` is the command for a question. */
export function explanationLines(
  selection: Selection,
  explanation: Explanation,
  answer: NonNullable<TextOptions['answer']>,
): string[] {
  const table = explanationTable(selection)
  const options = { width: widthOfText(), rows: ROWS, answer }
  return explanationText(selection, explanation, table, options).split('\n')
}

/** The question that a run leaves open, with the commands that answer it; empty if there is none. */
export function openQuestion(
  { question }: Explanation,
  answer: NonNullable<TextOptions['answer']>,
): string[] {
  return question ? questionLines(question, { width: widthOfText(), answer }) : []
}

function widthOfText(): number {
  return Math.min(process.stdout.columns || 100, 120)
}

/** The option words that make a metric decide. */
export function metricWords({ metric, direction }: Winner): string {
  return `--metric ${shellWord(metric)} --mode ${direction}`
}

/** The choice as JSON for tools, with absolute paths. Files of origins are relative to `root`. */
export function choiceJson({
  root,
  selection,
  explanation,
  reader_notes,
  config,
  environment,
}: Choice): Record<string, unknown> {
  const { best, metric, direction, policy, declared_by, reason, runner_up } = selection
  const { missed_best, skipped, second_opinion, near_ties, ranking } = selection
  const { decided, basis, notes, readings, loss_turn, winners, question } = explanation
  const at = <Of extends { path: string | null }>(of: Of): Of => ({
    ...of,
    path: absoluteOrNull(root, of.path),
  })
  const won = (winner: Winner): Winner => ({ ...winner, best: at(winner.best) })
  return {
    best_checkpoint_path: absoluteOrNull(root, best?.path),
    best_step: best?.step ?? null,
    best_metric: best?.value ?? null,
    best_metric_name: metric,
    ...{ direction, policy, declared_by, reason },
    runner_up: runner_up && at(runner_up),
    ...{ margin: selection.margin, missed_best, skipped, second_opinion },
    near_ties: near_ties && { ...near_ties, candidates: near_ties.candidates.map(at) },
    nothing_to_choose: selection.nothing_to_choose,
    ...{ policy_version: selection.policy_version, prefer: selection.prefer, root },
    ranking: ranking.map(at),
    ...{ decided, basis, notes, readings, loss_turn },
    winners: winners.map(won),
    question: question && { ...question, choices: question.choices.map(won) },
    warnings: warningTexts(reader_notes),
    reader_notes: reader_notes.map(at),
    ...{ config, environment, slurm: slurmJobIn(environment) },
  }
}

/** The absolute path of a path below a run's root; null if there is none. */
export function absoluteOrNull(root: string, path: string | null | undefined): string | null {
  return path === null || path === undefined ? null : absolutePath(root, path)
}
