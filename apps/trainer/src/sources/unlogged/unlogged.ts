import { dirname } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { admitAll } from '../../journal/gate.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import {
  claimEvent,
  endedEvent,
  measuredEvents,
  startedEvent,
  readerNote,
} from '../events/newEvents.ts'
import { isHeldOut } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { Listing } from '../../files/listing.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import type { Candidate } from '../weights/candidate.ts'
import { emptyHistory } from '../weights/logHistory.ts'
import { listWeights } from '../weights/finder.ts'
import { joinWeights } from '../weights/join.ts'
import { readClaimedBest } from '../weights/claimedBest.ts'
import { readMonitoredMetric } from '../weights/monitoredMetric.ts'
import { findCandidates } from '../weights/savedWeights.ts'

/** The source name of a run with weights and without a log. */
export const WEIGHTS_ONLY_NAME = 'weights'

/**
 * Weights with their own metrics and without a log: Lightning without a logger, spaCy's pipelines,
 * files with metadata beside them.
 */
export const WEIGHTS_ONLY: Source = {
  name: WEIGHTS_ONLY_NAME,
  isHere: async (listing) => {
    // Several folders of weights are several runs.
    const found = await listWeights(listing)
    const [folder, ...others] = new Set(found.map(({ path }) => dirname(path)))
    const isHere = folder !== undefined && others.length === 0 && HOLDERS.test(folder)
    return isHere && (await findCandidates(listing)).some(isMeasured)
  },
  files,
  open: (options) => new WholeReader({ files, events: eventsIn }, options),
}

/** Folders that hold the weights of a run. */
const HOLDERS = /^(\.|checkpoints?|ckpts?|weights|models?|saved_models)$/i

async function files(listing: Listing): Promise<string[]> {
  return (await findCandidates(listing)).map(({ found }) => found.file)
}

function isMeasured({ facts }: Candidate): boolean {
  const names = Object.keys(facts.values)
  return (facts.monitor?.scores.size ?? 0) > 0 || names.some(isHeldOut)
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const candidates = await findCandidates(new Listing(root))
  const isEpochs = candidates.every(({ found, facts }) => (facts.step ?? found.hints.step) === null)
  const axis = { isEpochs, shift: 0 } as const
  const none = { metric: null, total_epochs: null }
  const ordered = orderWeights(joinWeights(candidates, emptyHistory(), axis, none), candidates)
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(root))
  const kept = readMonitoredMetric(candidates)
  const claim = readClaimedBest(candidates, ordered.saved, emptyHistory(), true)
  const texts = [...warnings, ...new Set(ordered.notes)]
  const events = [
    startedEvent({ ...fields, ...totals, ...(kept && fields.metric_for_best === null && kept) }),
    ...(await Promise.all(ordered.saved.map((one) => savedEvents(root, one)))).flat(),
    ...(claim ? [claimEvent(0, claim)] : []),
    ...texts.map((text) => readerNote(0, text)),
    ...(isOver ? [endedEvent(0, 'completed')] : []),
  ]
  return admitAll(events, 'the checkpoints')
}

/** Numbers weights without any step in the order in which they were saved. */
function orderWeights(
  found: readonly SavedFile[],
  candidates: readonly Candidate[],
): { saved: SavedFile[]; notes: string[] } {
  if (found.some(({ step }) => step !== null)) {
    return { saved: [...found], notes: found.flatMap(({ step_note }) => step_note ?? []) }
  }
  const inOrder = found.toSorted((a, b) => a.mtime - b.mtime || (a.path < b.path ? -1 : 1))
  const valuesOf = new Map(candidates.map(({ found, facts }) => [found.path, facts.values]))
  const saved = inOrder.map((one, index) => {
    return { ...one, step: index + 1, values: valuesOf.get(one.path) ?? {} }
  })
  return {
    saved,
    notes: [
      'No file has a step number. Checkpoints are numbered in the order in which they were saved',
    ],
  }
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
