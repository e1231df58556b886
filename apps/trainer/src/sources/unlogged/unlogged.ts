import { dirname } from 'node:path'
import { type TrainingEvent, admitAll, type ReaderNote, readerNote } from '@bestmark/core'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/newEvents.ts'
import { isHeldOut } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { Listing } from '../../files/listing.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import type { Candidate } from '../weights/candidate.ts'
import { emptyHistory } from '../weights/logHistory.ts'
import { listWeights } from '../weights/finder.ts'
import { joinWeights } from '../weights/join.ts'
import { claimEvents } from '../weights/claimEvents.ts'
import { readMonitoredMetric } from '../weights/monitoredMetric.ts'
import { withNamedValues } from '../weights/namedValues.ts'
import { findCandidates } from '../weights/savedWeights.ts'
import { type Numbers, WeightsReader } from './weightsReader.ts'

/** The source name of a run with weights and without a log. */
export const WEIGHTS_ONLY_NAME = 'weights'

/**
 * Weights with their own metrics and without a log: Lightning without a logger, spaCy's pipelines,
 * files with metadata beside them.
 */
export const WEIGHTS_ONLY: Source = {
  name: WEIGHTS_ONLY_NAME,
  isHere: (listing) => hasWeights(listing, isMeasured),
  files,
  open: (options) => new WeightsReader({ files, events: eventsIn }, options),
  rotates: true,
}

/** Whether the weights hold the scores of a monitor, as Lightning's ModelCheckpoint keeps them. */
export function isMonitored(listing: Listing): Promise<boolean> {
  return hasWeights(listing, hasScores)
}

async function hasWeights(listing: Listing, is: (one: Candidate) => boolean): Promise<boolean> {
  // Several folders of weights are several runs.
  const found = await listWeights(listing)
  const [folder, ...others] = new Set(found.map(({ path }) => dirname(path)))
  const isHere = folder !== undefined && others.length === 0 && HOLDERS.test(folder)
  return isHere && (await measuredCandidates(listing)).some(is)
}

const NAMED: ReaderNote = {
  code: 'metrics_from_names',
  text: 'The metrics are those in the names of the files, which do not show on which data they were measured',
}

/** Folders that hold the weights of a run. */
const HOLDERS = /^(\.|checkpoints?|ckpts?|weights|models?|saved_models)$/i

/** All weights. Without metrics in their files, those in their names count. */
async function measuredCandidates(listing: Listing): Promise<Candidate[]> {
  const candidates = await findCandidates(listing)
  return candidates.some(isMeasured) ? candidates : withNamedValues(candidates)
}

async function files(listing: Listing): Promise<string[]> {
  return (await findCandidates(listing)).map(({ found }) => found.file)
}

function isMeasured(candidate: Candidate): boolean {
  return hasScores(candidate) || Object.keys(candidate.facts.values).some(isHeldOut)
}

function hasScores({ facts }: Candidate): boolean {
  return (facts.monitor?.scores.size ?? 0) > 0
}

async function eventsIn({ root, isOver }: ReadOptions, numbers: Numbers): Promise<TrainingEvent[]> {
  const candidates = await measuredCandidates(new Listing(root))
  const isNamed = candidates.some(({ facts }) => facts.isNamed)
  const isEpochs = candidates.every(({ found, facts }) => (facts.step ?? found.hints.step) === null)
  const axis = { isEpochs, shift: 0 } as const
  const none = { metric: null, total_epochs: null }
  const joined = joinWeights(candidates, emptyHistory(), axis, none)
  const ordered = orderWeights(joined, candidates, numbers)
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(root))
  const kept = readMonitoredMetric(candidates)
  const { saved } = ordered
  const known = { candidates, saved, history: emptyHistory(), isInferred: true }
  const claims = await claimEvents(new Listing(root), 0, known)
  const notes = [...warnings, ...ordered.notes, ...(isNamed ? [NAMED] : [])]
  const events = [
    startedEvent({ ...fields, ...totals, ...(kept && fields.metric_for_best === null && kept) }),
    ...(await Promise.all(ordered.saved.map((one) => savedEvents(root, one)))).flat(),
    ...claims,
    ...notes.map((note) => readerNote(0, note)),
    ...(isOver ? [endedEvent(0, 'completed')] : []),
  ]
  return admitAll(events, 'the checkpoints')
}

/** Numbers weights without any step in the order in which they were saved. */
function orderWeights(
  found: readonly SavedFile[],
  candidates: readonly Candidate[],
  numbers: Numbers,
): { saved: SavedFile[]; notes: ReaderNote[] } {
  if (found.some(({ step }) => step !== null)) {
    return { saved: [...found], notes: found.flatMap(({ step_note }) => step_note ?? []) }
  }
  const inOrder = found.toSorted((a, b) => a.mtime - b.mtime || (a.path < b.path ? -1 : 1))
  const valuesOf = new Map(candidates.map(({ found, facts }) => [found.path, facts.values]))
  const saved = inOrder.map((one) => {
    const file = `${one.path} ${one.mtime}`
    const step = numbers.get(file) ?? numbers.size + 1
    numbers.set(file, step)
    return { ...one, step, values: valuesOf.get(one.path) ?? {} }
  })
  const text =
    'No file has a step number. Checkpoints are numbered in the order in which they were saved'
  return { saved, notes: [{ code: 'steps_by_order', text }] }
}

async function savedEvents(
  root: string,
  { path, step, epoch, role, mtime, values = {} }: SavedFile,
) {
  const seen = await inspectCheckpoint(root, path, null)
  const at = Math.round(mtime)
  const measured =
    step === null
      ? []
      : measuredEvents(
          { attempt: 0, step, epoch },
          { metrics: {}, evaluation: values },
          { file: path, line: null },
        )
  return [
    ...measured,
    { type: 'checkpoint', attempt: 0, step, path, epoch, at, role, ...seen } as const,
  ]
}
