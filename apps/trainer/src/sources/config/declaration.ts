import type { Direction } from '@bestmark/core'
import { settingOf, type Configuration, type Configurations } from './configuration.ts'
import { isCount } from '../../files/json.ts'
import { isSecret } from './settings.ts'
import type { YamlValue } from '../../files/yaml.ts'

/** What a run's configuration declares, as fields of its `started` event, and what is odd in it. */
export interface Declared {
  fields: {
    metric_for_best: string | null
    /** Only where it is written: HuggingFace's own guess is no declaration. */
    direction: Direction | null
    declared_by: string | null
    config: Record<string, unknown>
  }
  /** How long the run was planned to be. */
  totals: { total_steps: number | null; total_epochs: number | null }
  save_steps: number | null
  warnings: string[]
}

/** What the configuration files of a run declare; where they disagree, the first counts. */
export function declared({ found, problems }: Configurations): Declared {
  const told = found.map((one) => ({ one, metric: metricIn(one) }))
  const first = told.find(({ metric }) => metric !== undefined)
  const direction = first && directionIn(first.one, first.metric)
  return {
    fields: {
      metric_for_best: first?.metric?.name ?? null,
      direction: direction ?? null,
      declared_by: first?.metric?.declared_by ?? null,
      config: Object.fromEntries(found.toReversed().flatMap(flat)),
    },
    totals: {
      total_steps: countIn(found, ['max_steps']),
      total_epochs: countIn(found, ['max_epochs', 'num_train_epochs', 'num_epochs', 'epochs']),
    },
    save_steps: countIn(found, ['save_steps']),
    warnings: [...problems, ...disagreements(found)],
  }
}

interface DeclaredMetric {
  name: string
  declared_by: string
  /** The setting that tells its direction: `greater_is_better`, or the `mode` beside a monitor. */
  told_by: string
}

function metricIn(one: Configuration): DeclaredMetric | undefined {
  const named = settingOf(one, 'metric_for_best_model')
  if (typeof named?.value === 'string') {
    const declared_by = `metric_for_best_model in ${place(one, named)}`
    return { name: named.value, declared_by, told_by: 'greater_is_better' }
  }
  return defaultIn(one) ?? monitorIn(one) ?? otherIn(one) ?? criterionIn(one)
}

/** How other programs name what they keep the best by: timm, fairseq, mmengine. */
const OTHERS = ['best_checkpoint_metric', 'eval_metric', 'checkpoint_metric', 'save_best']

function otherIn(one: Configuration): DeclaredMetric | undefined {
  for (const name of OTHERS) {
    const named = settingOf(one, name)
    if (typeof named?.value !== 'string' || named.value === 'auto') continue
    const told_by = 'maximize_best_checkpoint_metric'
    return { name: named.value, declared_by: `${name} in ${place(one, named)}`, told_by }
  }
  return undefined
}

/** ESPnet lists data, measure and direction: `best_model_criterion: [[valid, acc, max]]`; the first counts. */
function criterionIn(one: Configuration): DeclaredMetric | undefined {
  const first = (index: number) => {
    return one.values.find(({ name }) => name === `best_model_criterion.0.${index}`)
  }
  const [split, measure] = [first(0), first(1)]
  if (typeof measure?.value !== 'string') return undefined
  const declared_by = `best_model_criterion in ${place(one, measure)}`
  return {
    name: `${split?.value}/${measure.value}`,
    declared_by,
    told_by: 'best_model_criterion.0.2',
  }
}

/** Whoever loads the best model, or stops early, and names no metric, gets HuggingFace's `loss`. */
function defaultIn(one: Configuration): DeclaredMetric | undefined {
  const loads = settingOf(one, 'load_best_model_at_end')
  const patience = settingOf(one, 'early_stopping_patience')
  const by = loads?.value === true ? loads : Number(patience?.value) > 0 ? patience : undefined
  // Beside a monitor it is Lightning that stops early.
  if (!by || (by === patience && monitorIn(one))) return undefined
  const setting = by.name.split('.').at(-1)
  const declared_by = `${setting} in ${place(one, by)} (which goes by the loss where no metric is named)`
  return { name: 'loss', declared_by, told_by: 'greater_is_better' }
}

/** Lightning's: what its ModelCheckpoint monitors, else what anything does. */
function monitorIn(one: Configuration): DeclaredMetric | undefined {
  const monitors = one.values.filter(
    ({ name, value }) => /(^|\.)monitor$/.test(name) && typeof value === 'string',
  )
  const saves = monitors.find(({ name }) => isCheckpointing(one, name.slice(0, -'monitor'.length)))
  const monitor = saves ?? monitors[0]
  if (!monitor) return undefined
  const declared_by = `monitor in ${place(one, monitor)}`
  const told_by = monitor.name.replace(/monitor$/, 'mode')
  return { name: String(monitor.value), declared_by, told_by }
}

/** Whether settings with this prefix are those of a callback that saves checkpoints. */
function isCheckpointing({ values }: Configuration, prefix: string): boolean {
  if (/checkpoint/i.test(prefix)) return true
  const outer = prefix.replace(/init_args\.$/, '')
  const classes = [`${outer}class_path`, `${prefix}_target_`]
  return values.some(
    ({ name, value }) => classes.includes(name) && /Checkpoint/.test(String(value)),
  )
}

/** Settings that tell whether a higher value is better. */
const GREATER = ['greater_is_better', 'maximize_best_checkpoint_metric']

function directionIn(
  one: Configuration,
  metric: DeclaredMetric | undefined,
): Direction | undefined {
  if (metric && GREATER.includes(metric.told_by)) {
    const greater = settingOf(one, metric.told_by)?.value
    return greater === true ? 'max' : greater === false ? 'min' : undefined
  }
  const mode = one.values.find(({ name }) => name === metric?.told_by)?.value
  return mode === 'min' || mode === 'max' ? mode : undefined
}

/** The first count by one of some names; what is none (-1 where there is no limit) is not known. */
function countIn(found: readonly Configuration[], names: readonly string[]): number | null {
  const counts = found.flatMap((one) => names.map((name) => settingOf(one, name)?.value))
  return counts.find((value): value is number => isCount(value) && value > 0) ?? null
}

const DECISIVE = ['metric_for_best_model', 'greater_is_better']

function disagreements(found: readonly Configuration[]): string[] {
  return DECISIVE.flatMap((name) => {
    const [first, ...others] = found.flatMap((one) => {
      const said = settingOf(one, name)
      return said ? [{ one, said }] : []
    })
    return others
      .filter(({ said }) => said.value !== first?.said.value)
      .map(({ one, said }) => {
        const counts = first ? `${first.said.value} in ${place(first.one, first.said)}` : ''
        return `${name} is ${counts}, but ${said.value} in ${place(one, said)}; the first counts`
      })
  })
}

function place({ file }: Configuration, { line }: YamlValue): string {
  return `${file}:${line}`
}

/** A configuration's values by name, without lists and secrets. */
function flat({ values }: Configuration): [name: string, value: unknown][] {
  const kept = values.filter(({ name, isListed }) => !isListed && !isSecret(name))
  // LLaMA-Factory's page puts the name of its tab before that of the setting.
  return kept.map(({ name, value }) => [name.replace(/^train\./, ''), value])
}
