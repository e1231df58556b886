import { isFiniteMeasure, ownValue, setOwn } from '@bestmark/core'
import { EMPTY_RECORD, type LogRecord } from './logRecord.ts'
import { readRecord } from './jsonLines.ts'

/** The statistics that ParlAI writes beside its weights: `model.trainstats`. */
const FILE = /^(.+?)(\.checkpoint)?\.trainstats$/
/** Counts, rates and sizes in ParlAI's reports. */
const NO_METRIC =
  /^(exs|parleys|[cl](len|tpb|tps|trunc|trunclen)|u?tp[bs]|ups|exp[bs]|gpu_mem|gnorm|clip|total_\w+|train_(?!steps)\w+)$/

type Report = Readonly<Record<string, unknown>>

/**
 * The records in ParlAI's statistics: the reports of training and of validation. `best_valid` is the
 * best value of the metric that decides, so the report with it shows the metric and the step of the
 * best weights. Undefined for any other document.
 */
export function statsRecords(file: string, document: Report): LogRecord[] | undefined {
  const [, model, suffix] = FILE.exec(file) ?? []
  const { train_reports: trained, valid_reports: valid, best_valid: best } = document
  if (model === undefined || !Array.isArray(trained) || !Array.isArray(valid)) return undefined
  const reports = valid.filter(isReport)
  const metric = typeof best === 'number' ? metricWith(reports, best) : undefined
  const records = [
    ...trained.filter(isReport).flatMap((one) => readRecord(measuresIn(one)) ?? []),
    ...reports.flatMap((one) => readRecord({ ...measuresIn(one), split: 'valid' }) ?? []),
  ]
  // Training comes before the validation at the same step.
  records.sort((a, b) => (a.step ?? 0) - (b.step ?? 0))
  const at = reports.find((one) => metric !== undefined && ownValue(one, metric) === best)
  const best_step = at?.['train_steps']
  const last = suffix === undefined ? undefined : document['train_steps']
  return [
    ...records.map((one) => {
      const isBest = one.step === best_step && Object.keys(one.evaluation).length > 0
      return {
        ...one,
        ...(isBest && { saved: model }),
        ...(metric !== undefined && { best_of: metric }),
      }
    }),
    ...(typeof best_step === 'number'
      ? [{ ...EMPTY_RECORD, step: best_step, is_best: true as const }]
      : []),
    ...(typeof last === 'number'
      ? [{ ...EMPTY_RECORD, step: last, saved: `${model}.checkpoint` }]
      : []),
  ]
}

/** The metric with a value in one report; undefined if several have it. */
function metricWith(reports: readonly Report[], value: number): string | undefined {
  const names = reports.flatMap((one) => {
    return Object.entries(measuresIn(one)).flatMap(([name, given]) => (given === value ? name : []))
  })
  const [only, ...others] = new Set(names)
  return others.length === 0 ? only : undefined
}

function measuresIn(report: Report): Report {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(report)) {
    if (!NO_METRIC.test(name) && typeof value === 'number' && isFiniteMeasure(value))
      setOwn(kept, name, value)
  }
  return kept
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null
}
