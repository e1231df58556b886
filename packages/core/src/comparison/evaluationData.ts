import { detailOf } from '../metric/evaluations.ts'
import type { Evaluation } from '../run/rows.ts'
import type { ConfigOption } from '../run/configOptions.ts'
import { isSameCount } from '../selection/samples.ts'
import type { DataFact } from './comparison.ts'

/** Options that name the data of an evaluation, by their last word or their last two. */
const EVAL = '(eval|evaluation|val|valid|validation|dev)'
const OF_DATA =
  '(name|names|path|paths|dir|file|files|root|split|version|revision|config|config_name)'
const DATA_OPTION = new RegExp(
  [
    `^(dataset|datasets|data|corpus|task_name)$`,
    `^(data|dataset|datasets|corpus)_${OF_DATA}$`,
    `^${EVAL}_?(data|ds|dataset|datasets|set|sets|file|files|path|dir|split|tasks)(_${OF_DATA})?$`,
    `^(max_)?${EVAL}_samples$`,
    `^${EVAL}_(split_percentage|size)$`,
    '^limit_val_batches$',
  ].join('|'),
)

/** The name of the fact that has the number of samples. */
const SAMPLES = 'samples'

/**
 * Facts about the evaluation data of a run: the number of samples of its best checkpoint's
 * evaluation, and the data that its configuration names.
 */
export function dataFacts(
  at: Evaluation | undefined,
  metric: string,
  options: readonly ConfigOption[],
): DataFact[] {
  const samples = at ? detailOf(at, metric).samples : null
  const named = options.filter(isOfData).map(({ name, value }) => ({ name, value: textOf(value) }))
  return [...(samples === null ? [] : [{ name: SAMPLES, value: samples }]), ...named]
}

function isOfData({ name, value }: ConfigOption): boolean {
  if ((value ?? '') === '') return false
  const words = name.toLowerCase().replaceAll('-', '_').split('.')
  return [1, 2].some((count) => DATA_OPTION.test(words.slice(-count).join('_')))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}

/**
 * Divides runs by facts that differ. A fact that is the same in all runs that have it does not divide
 * them. If a fact differs, runs without it form a group of their own.
 */
export function dividedByData<Run extends { data: readonly DataFact[] }>(
  runs: readonly Run[],
): { data: DataFact[]; runs: Run[] }[] {
  const names = [...new Set(runs.flatMap(({ data }) => data.map(({ name }) => name)))]
  const dividing = names.flatMap((name) => {
    const values = valuesOf(runs, name)
    return values.length > 1 ? [{ name, values }] : []
  })
  const keyOf = (run: Run): DataFact[] =>
    dividing.map(({ name, values }) => {
      const fact = factOf(run, name)
      return { name, value: values.find((one) => isSame(one, fact)) ?? null }
    })
  const groups = Map.groupBy(runs, (run) => JSON.stringify(keyOf(run)))
  return [...groups.values()].map((members) => ({
    data: members.slice(0, 1).flatMap(keyOf),
    runs: members,
  }))
}

function factOf({ data }: { data: readonly DataFact[] }, name: string): DataFact['value'] {
  return data.find((fact) => fact.name === name)?.value ?? null
}

/** The different values of a fact, the smallest first. Numbers that differ only by rounding are the same. */
function valuesOf(
  runs: readonly { data: readonly DataFact[] }[],
  name: string,
): (string | number)[] {
  const facts = runs.map((run) => factOf(run, name)).filter((value) => value !== null)
  const values: (string | number)[] = []
  // In order, so that the order of the runs does not decide which counts are the same.
  for (const value of facts.sort((a, b) => Number(a) - Number(b))) {
    if (!values.some((one) => isSame(one, value))) values.push(value)
  }
  return values
}

function isSame(one: string | number, other: DataFact['value']): boolean {
  return typeof other === 'number' ? isSameCount(Number(one), other) : one === other
}
