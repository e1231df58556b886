import { type Direction, readMeasured, type Measured, ownValue, setOwn } from '@bestmark/core'
import { TextWalk } from '../../files/jsonLines.ts'
import { isCount } from '../../files/json.ts'

/** Metrics that were measured over one number of samples. */
export interface Measurements {
  values: Record<string, Measured>
  samples: number | null
  directions: Record<string, Direction>
  /** The line number of each value in the text. */
  lines: Record<string, number>
}

/**
 * The measurements in a JSON value: results of lm-evaluation-harness (any version), one group per
 * task, or a flat object such as the Trainer's `all_results.json`. Empty if there is no number. `text`
 * is the source of the value.
 */
export function measurementsIn(json: unknown, text: string): Measurements[] {
  if (!isObject(json)) return []
  const found = isObject(json['results']) ? harness(json, text) : [flat(json, text)]
  return found.filter(({ values }) => Object.keys(values).length > 0)
}

/**
 * Version 0.4 writes `results.{task}.{"acc,none": v, "acc_stderr,none": e}` with the filter after
 * the comma, `n-samples.{task}.effective` and `higher_is_better.{task}.{metric}`. Older versions
 * write only `acc` and `acc_stderr`.
 */
function harness(json: Record<string, unknown>, text: string): Measurements[] {
  const walk = new TextWalk(text)
  walk.lineOf('results')
  const results = isObject(json['results']) ? json['results'] : {}
  return Object.entries(results).map(([task, measured]) => {
    walk.lineOf(task)
    const about = { samples: samplesOf(json['n-samples'], task), directions: {}, lines: {} }
    const found: Measurements = { values: {}, ...about }
    const better = isObject(json['higher_is_better'])
      ? ownValue(json['higher_is_better'], task)
      : undefined
    if (isObject(measured)) readTask(found, walk, { task, measured, better })
    return found
  })
}

/** Fields of a task that are not metrics. */
const ABOUT_TASK = /^(alias|name|samples|sample_len|sample_count)$/

function readTask(
  found: Measurements,
  walk: TextWalk,
  of: { task: string; measured: Record<string, unknown>; better: unknown },
): void {
  const { task, measured, better } = of
  const isFiltered = Object.keys(measured).some((key) => key.includes(','))
  for (const [key, field] of Object.entries(measured)) {
    const value = readMeasured(field)
    if (value === undefined || value === null || ABOUT_TASK.test(key)) continue
    if (isFiltered && !key.includes(',')) continue
    const [, base = key, isError = '', filter = ''] = /^(.*?)(_stderr)?(?:,(.*))?$/.exec(key) ?? []
    const metric = `${task}/${base}${filter === '' || filter === 'none' ? '' : `,${filter}`}`
    const name = metric + isError
    setOwn(found.values, name, value)
    const line = walk.lineOf(key, field)
    if (line !== null) setOwn(found.lines, name, line)
    const isHigher = isObject(better) ? ownValue(better, base) : undefined
    if (!isError && typeof isHigher === 'boolean') {
      setOwn(found.directions, metric, isHigher ? 'max' : 'min')
    }
  }
}

function samplesOf(counts: unknown, task: string): number | null {
  const count = isObject(counts) ? ownValue(counts, task) : undefined
  const effective = isObject(count) ? count['effective'] : count
  return isCount(effective) ? effective : null
}

/** Fields of a flat file that are not measurements of the weights. */
const NO_RESULT = /^(train_|(total_flos|epoch|step|global_step)$)/
const SAMPLES = /^(eval_)?(num_|n_)?samples$/

function flat(json: Record<string, unknown>, text: string): Measurements {
  const walk = new TextWalk(text)
  const found: Measurements = { values: {}, samples: null, directions: {}, lines: {} }
  for (const [name, field] of Object.entries(json)) {
    const value = readMeasured(field)
    if (value === undefined || value === null || NO_RESULT.test(name)) continue
    if (SAMPLES.test(name)) {
      if (isCount(value)) found.samples = value
      continue
    }
    setOwn(found.values, name, value)
    const line = walk.lineOf(name, field)
    if (line !== null) setOwn(found.lines, name, line)
  }
  return found
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
