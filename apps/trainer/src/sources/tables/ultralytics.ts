import { ownValue } from '@bestmark/core'
import { beginning } from '../events/attempts.ts'
import { headOf } from '../../files/csv.ts'
import { type TableState, tellRow } from './epochTable.ts'
import type { Values } from '../events/events.ts'
import { type Beginning, lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/folder.ts'
import { savedIn, type SavedFile } from '../events/savedFiles.ts'

interface State extends TableState {
  /** The fitness of the best epoch so far; of equal ones the last is kept in best.pt. */
  best: { value: number; step: number } | null
}

const MEASURED = /^(metrics|val)\//

/** Ultralytics' YOLO: `results.csv`, `args.yaml` and `weights/` with `best.pt` and `last.pt`. */
export const ULTRALYTICS = lineSource<State>({
  name: 'ultralytics',
  files: (listing) => {
    const isTable = (head: string): boolean => headOf(head).some((name) => /^metrics\//.test(name))
    return listing.files(/^results\.csv$/, isTable)
  },
  begin: () => ({ ...beginning(), columns: [], epoch_at: -1, base: null, best: null }),
  line: (state, line) =>
    tellRow(state, line, {
      separator: ',',
      isEvaluated: (name) => MEASURED.test(name),
      also: (evaluation, step) => fitness(state, evaluation, step),
    }),
  started,
  saved,
})

/**
 * What best.pt is chosen by: 0.1 mAP50 + 0.9 mAP50-95, summed over boxes, masks and poses; of
 * classes the mean of top-1 and top-5 accuracy (ultralytics/utils/metrics.py).
 */
function fitness(state: State, evaluation: Values, step: number): Values {
  const value = fitnessOf(evaluation)
  if (value === undefined) return {}
  const { best } = state
  if (Number.isFinite(value) && (best === null || value >= best.value)) state.best = { value, step }
  return { fitness: value }
}

const PARTS: [half: string, whole: string][] = [
  ['metrics/mAP50(B)', 'metrics/mAP50-95(B)'],
  ['metrics/mAP50(M)', 'metrics/mAP50-95(M)'],
  ['metrics/mAP50(P)', 'metrics/mAP50-95(P)'],
  ['metrics/mAP_0.5', 'metrics/mAP_0.5:0.95'],
]

function fitnessOf(values: Values): number | undefined {
  const found = PARTS.flatMap(([half, whole]) => {
    const [at50, over] = [ownValue(values, half), ownValue(values, whole)]
    return typeof at50 === 'number' && typeof over === 'number' ? [0.1 * at50 + 0.9 * over] : []
  })
  if (found.length > 0) return found.reduce((sum, one) => sum + one, 0)
  const [top1, top5] = [values['metrics/accuracy_top1'], values['metrics/accuracy_top5']]
  return typeof top1 === 'number' && typeof top5 === 'number' ? (top1 + top5) / 2 : undefined
}

async function started(listing: Listing): Promise<Beginning> {
  const text = await listing.head('args.yaml')
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = text === '' ? [] : yamlValues(text)
  const warnings = Array.isArray(values) ? [] : [`args.yaml is no valid YAML (${values.error})`]
  const flat = Array.isArray(values) ? values.filter(({ isListed }) => !isListed) : []
  const config = Object.fromEntries(flat.map(({ name, value }) => [name, value]))
  const { epochs } = config
  const total = typeof epochs === 'number' && epochs > 0 ? epochs : null
  const told = {
    total_steps: total,
    total_epochs: total,
    metric_for_best: 'fitness',
    direction: 'max',
    declared_by: "Ultralytics' own fitness (0.1 mAP50 + 0.9 mAP50-95)",
    config: { ...config, step_unit: 'epoch' },
  } as const
  return { told, warnings }
}

/** `epoch3.pt` counts from 0, as its program does within; best.pt and last.pt are of known epochs. */
async function saved(listing: Listing, { best, step }: State): Promise<SavedFile[]> {
  return savedIn(listing, ['weights'], (name) => {
    const epoch = /^epoch(\d{1,9})\.pt$/.exec(name)?.[1]
    const role = /^(best|last)\.pt$/.exec(name)?.[1] ?? null
    const known = role === 'best' ? (best?.step ?? null) : role === 'last' ? step : null
    const at = epoch === undefined ? known : Number(epoch) + 1
    return epoch === undefined && role === null ? undefined : { step: at, epoch: at, role }
  })
}
