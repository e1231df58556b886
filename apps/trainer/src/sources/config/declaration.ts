import type { Direction, ReaderNote } from '@bestmark/core'
import { optionOf, type Configuration, type Configurations } from './configuration.ts'
import { isCount } from '../../files/json.ts'
import { isSecret } from './runOptions.ts'
import type { YamlValue } from '../../files/yaml.ts'

/** What a run's configuration declares, as fields of its `started` event, and warnings. */
export interface Declaration {
  fields: {
    metric_for_best: string | null
    /** Only if the configuration has it. A default of HuggingFace is not a declaration. */
    direction: Direction | null
    declared_by: string | null
    config: Record<string, unknown>
  }
  /** The planned length of the run. */
  totals: { total_steps: number | null; total_epochs: number | null }
  save_steps: number | null
  warnings: ReaderNote[]
}

/** What the configuration files of a run declare. If they differ, the first file is used. */
export function readDeclaration({ found, problems }: Configurations): Declaration {
  const candidates = found.map((one) => ({ one, metric: findMetric(one) }))
  const first = candidates.find(({ metric }) => metric !== undefined)
  const direction = first && findDirection(first.one, first.metric)
  return {
    fields: {
      metric_for_best: first?.metric?.name ?? null,
      direction: direction ?? null,
      declared_by: first?.metric?.declared_by ?? null,
      config: Object.fromEntries(found.toReversed().flatMap(flat)),
    },
    totals: {
      total_steps: findCount(found, ['max_steps']),
      total_epochs: findCount(found, ['max_epochs', 'num_train_epochs', 'num_epochs', 'epochs']),
    },
    save_steps: findCount(found, ['save_steps']),
    warnings: [...problems, ...disagreements(found)],
  }
}

interface DeclaredMetric {
  name: string
  declared_by: string
  /** The option with its direction: `greater_is_better`, or the `mode` of a monitor. */
  direction_option: string
  /** The direction, if it is in the value of the option itself. */
  direction?: Direction
}

function findMetric(one: Configuration): DeclaredMetric | undefined {
  const named = optionOf(one, 'metric_for_best_model')
  if (typeof named?.value === 'string') {
    const declared_by = `metric_for_best_model in ${originText(one, named)}`
    return { name: named.value, declared_by, direction_option: 'greater_is_better' }
  }
  return (
    defaultMetric(one) ??
    directedOption(one) ??
    monitorOption(one) ??
    otherOption(one) ??
    optimizedOption(one) ??
    firstOfList(one) ??
    criterionOption(one)
  )
}

/** A metric after its direction: `min val_loss` (pytorch-template), `+accuracy` (AllenNLP). */
const DIRECTED = /^(?:(min|max) +|([-+]))(\S+)$/

/** Options whose value has the direction before the metric. A list is a sum, so it names no metric. */
function directedOption(one: Configuration): DeclaredMetric | undefined {
  for (const name of ['validation_metric', 'monitor']) {
    const named = optionOf(one, name)
    const [, word, sign, metric] = DIRECTED.exec(String(named?.value)) ?? []
    if (!named || metric === undefined) continue
    const direction = word === 'max' || sign === '+' ? 'max' : 'min'
    const declared_by = `${name} in ${originText(one, named)}`
    return { name: metric, declared_by, direction_option: name, direction }
  }
  return undefined
}

/** The option that names the deciding metric in timm, fairseq, mmengine, JoeyNMT and NequIP. */
const OTHERS = [
  'early_stopping_metric',
  'best_checkpoint_metric',
  'eval_metric',
  'checkpoint_metric',
  'save_best',
  'metrics_key',
]

function otherOption(one: Configuration): DeclaredMetric | undefined {
  for (const name of OTHERS) {
    const named = optionOf(one, name)
    if (typeof named?.value !== 'string' || named.value === 'auto') continue
    const direction_option = 'maximize_best_checkpoint_metric'
    return {
      name: named.value,
      declared_by: `${name} in ${originText(one, named)}`,
      direction_option,
    }
  }
  return undefined
}

/** Sockeye logs the metric that it optimises with the ending `-val`. Other programs have such an option, too. */
function optimizedOption(one: Configuration): DeclaredMetric | undefined {
  const named = one.file === 'args.yaml' ? optionOf(one, 'optimized_metric') : undefined
  if (typeof named?.value !== 'string' || !/^[a-z\d-]+$/.test(named.value)) return undefined
  const declared_by = `optimized_metric in ${originText(one, named)}`
  return { name: `${named.value}-val`, declared_by, direction_option: 'optimized_metric' }
}

/** Marian stops early by the first of its metrics, unless all or any of them count. */
function firstOfList(one: Configuration): DeclaredMetric | undefined {
  const by = optionOf(one, 'early-stopping-on')?.value ?? 'first'
  const first = one.values.find(({ name }) => name === 'valid-metrics.0')
  if (by !== 'first' || typeof first?.value !== 'string') return undefined
  const declared_by = `valid-metrics in ${originText(one, first)}, by whose first it stops early`
  return { name: first.value, declared_by, direction_option: 'valid-metrics' }
}

/** ESPnet lists split, metric and direction: `best_model_criterion: [[valid, acc, max]]`. The first is used. */
function criterionOption(one: Configuration): DeclaredMetric | undefined {
  const first = (index: number) => {
    return one.values.find(({ name }) => name === `best_model_criterion.0.${index}`)
  }
  const [split, measure] = [first(0), first(1)]
  if (typeof measure?.value !== 'string') return undefined
  const declared_by = `best_model_criterion in ${originText(one, measure)}`
  return {
    name: `${split?.value}/${measure.value}`,
    declared_by,
    direction_option: 'best_model_criterion.0.2',
  }
}

/** HuggingFace uses `loss` if a run loads the best model, or stops early, without a metric. */
function defaultMetric(one: Configuration): DeclaredMetric | undefined {
  const loads = optionOf(one, 'load_best_model_at_end')
  const patience = optionOf(one, 'early_stopping_patience')
  const by = loads?.value === true ? loads : Number(patience?.value) > 0 ? patience : undefined
  // With a monitor, the early stopping is Lightning's.
  if (!by || (by === patience && monitorOption(one))) return undefined
  const option = by.name.split('.').at(-1)
  const declared_by = `${option} in ${originText(one, by)} (its default metric is the loss)`
  return { name: 'loss', declared_by, direction_option: 'greater_is_better' }
}

/** The metric that Lightning's ModelCheckpoint monitors, else any other monitor. */
function monitorOption(one: Configuration): DeclaredMetric | undefined {
  const monitors = one.values.filter(
    ({ name, value }) => /(^|\.)monitor$/.test(name) && typeof value === 'string',
  )
  const saves = monitors.find(({ name }) => isCheckpointing(one, name.slice(0, -'monitor'.length)))
  const monitor = saves ?? monitors[0]
  if (!monitor) return undefined
  const declared_by = `monitor in ${originText(one, monitor)}`
  const direction_option = monitor.name.replace(/monitor$/, 'mode')
  return { name: String(monitor.value), declared_by, direction_option }
}

/** Whether options with this prefix belong to a callback that saves checkpoints. */
function isCheckpointing({ values }: Configuration, prefix: string): boolean {
  if (/checkpoint/i.test(prefix)) return true
  const outer = prefix.replace(/init_args\.$/, '')
  const classes = [`${outer}class_path`, `${prefix}_target_`]
  return values.some(
    ({ name, value }) => classes.includes(name) && /Checkpoint/.test(String(value)),
  )
}

/** Options that say whether a higher value is better. */
const GREATER = ['greater_is_better', 'maximize_best_checkpoint_metric']

function findDirection(
  one: Configuration,
  metric: DeclaredMetric | undefined,
): Direction | undefined {
  if (metric?.direction !== undefined) return metric.direction
  if (metric && GREATER.includes(metric.direction_option)) {
    const greater = optionOf(one, metric.direction_option)?.value
    return greater === true ? 'max' : greater === false ? 'min' : undefined
  }
  const mode = one.values.find(({ name }) => name === metric?.direction_option)?.value
  return mode === 'min' || mode === 'max' ? mode : undefined
}

/** The first positive number among some options. -1 means no limit, so it is ignored. */
function findCount(found: readonly Configuration[], names: readonly string[]): number | null {
  const counts = found.flatMap((one) => names.map((name) => optionOf(one, name)?.value))
  return counts.find((value): value is number => isCount(value) && value > 0) ?? null
}

const DECISIVE = ['metric_for_best_model', 'greater_is_better']

function disagreements(found: readonly Configuration[]): ReaderNote[] {
  return DECISIVE.flatMap((name) => {
    const [first, ...others] = found.flatMap((one) => {
      const option = optionOf(one, name)
      return option ? [{ one, option }] : []
    })
    return others
      .filter(({ option }) => option.value !== first?.option.value)
      .map(({ one, option }): ReaderNote => {
        const used = first ? `${first.option.value} in ${originText(first.one, first.option)}` : ''
        const text = `${name} is ${used}, but ${option.value} in ${originText(one, option)}. The first one is used`
        return { code: 'configurations_differ', text }
      })
  })
}

function originText({ file }: Configuration, { line }: YamlValue): string {
  return `${file}:${line}`
}

/** A configuration's options by name, without lists and secrets. */
function flat({ values }: Configuration): [name: string, value: unknown][] {
  const kept = values.filter(({ name, isListed }) => !isListed && !isSecret(name))
  // LLaMA-Factory's page adds the name of its tab before the option.
  return kept.map(({ name, value }) => [name.replace(/^train\./, ''), value])
}
