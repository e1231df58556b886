import { noProgress } from '../events/attempts.ts'
import { invalidYaml } from '../config/configuration.ts'
import { headOf } from '../../files/csv.ts'
import {
  type FitnessRule,
  fitnessOf,
  readFitnessRule,
  describeFitness,
} from '../weights/fitness.ts'
import { type TableState, readRow } from './epochTable.ts'
import type { Values } from '../events/newEvents.ts'
import type { RunStart } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/listing.ts'
import { findSavedFiles, type SavedFile } from '../events/savedFiles.ts'
import { rowHolds } from '../weights/axis.ts'
import type { Candidate } from '../weights/candidate.ts'
import type { LogHistory, Row } from '../weights/logHistory.ts'
import { findCandidates } from '../weights/savedWeights.ts'

interface State extends TableState {
  /** The best epoch so far. Of equal epochs best.pt is the last. */
  best: { value: number; step: number } | null
  rule: FitnessRule
}

const MEASURED = /^(metrics|val)\//

/** Ultralytics' YOLO: `results.csv`, `args.yaml`, `weights/best.pt` and `weights/last.pt`. */
export const ULTRALYTICS = lineSource<State>({
  name: 'ultralytics',
  files: (listing) => {
    const isTable = (head: string): boolean => headOf(head).some((name) => /^metrics\//.test(name))
    return listing.files(/^results\.csv$/, isTable)
  },
  begin: async (listing) => {
    const table = { columns: [], epoch_at: -1, base: null }
    return { ...noProgress(), ...table, best: null, rule: await readFitnessRule(listing) }
  },
  line: (state, line) =>
    readRow(state, line, {
      separator: ',',
      isEvaluated: (name) => MEASURED.test(name),
      also: (evaluation, step) => fitness(state, evaluation, step),
    }),
  started,
  saved,
})

/** The fitness of an epoch, by which best.pt is chosen. Of equal epochs the last is kept. */
function fitness(state: State, evaluation: Values, step: number): Values {
  const value = fitnessOf(evaluation, state.rule)
  if (value === undefined) return {}
  const { best } = state
  if (Number.isFinite(value) && (best === null || value >= best.value)) state.best = { value, step }
  return { fitness: value }
}

async function started(listing: Listing): Promise<RunStart> {
  const text = await listing.head('args.yaml')
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = text === '' ? [] : yamlValues(text)
  const warnings = Array.isArray(values) ? [] : [invalidYaml('args.yaml', values.error)]
  const flat = Array.isArray(values) ? values.filter(({ isListed }) => !isListed) : []
  const config = Object.fromEntries(flat.map(({ name, value }) => [name, value]))
  const { epochs } = config
  const total = typeof epochs === 'number' && epochs > 0 ? epochs : null
  const fields = {
    total_steps: total,
    total_epochs: total,
    metric_for_best: 'fitness',
    direction: 'max',
    declared_by: `Ultralytics' own fitness (${describeFitness(await readFitnessRule(listing))})`,
    config: { ...config, step_unit: 'epoch' },
  } as const
  return { fields, warnings }
}

/** The weights of a run. `epoch3.pt` counts from 0; the table shows the epochs of best.pt and last.pt. */
async function saved(
  listing: Listing,
  { best, step }: State,
  history: LogHistory,
): Promise<SavedFile[]> {
  const found = await findSavedFiles(listing, ['weights'], (name) => {
    const epoch = /^epoch(\d{1,9})\.pt$/.exec(name)?.[1]
    const role = /^(best|last)\.pt$/.exec(name)?.[1] ?? null
    const tracked = role === 'best' ? (best?.step ?? null) : role === 'last' ? step : null
    const at = epoch === undefined ? tracked : Number(epoch) + 1
    return epoch === undefined && role === null ? undefined : { step: at, epoch: at, role }
  })
  return withOwnRows(found, await findCandidates(listing), history)
}

/** The metrics in best.pt and last.pt show their row, also if a later training has the same epochs. */
function withOwnRows(
  saved: readonly SavedFile[],
  candidates: readonly Candidate[],
  { rows }: LogHistory,
): SavedFile[] {
  return saved.map((file) => {
    const values = candidates.find(({ found }) => found.path === file.path)?.facts.values ?? {}
    const [row, ...others] = rows.filter((one) => hasOwnValues(one, values))
    if (file.role === null || !row || others.length > 0) return file
    const { step, epoch, attempt } = row
    return { ...file, step, epoch, attempt }
  })
}

function hasOwnValues(row: Row, values: Readonly<Record<string, number>>): boolean {
  const logged = Object.entries(values).filter(([name]) => Object.hasOwn(row.values, name))
  return (
    logged.length > 0 &&
    logged.every(([name, value]) => rowHolds(row, { name, value, digits: null }))
  )
}
