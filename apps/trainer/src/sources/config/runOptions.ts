import { setOwn } from '@bestmark/core'
import type { YamlValue } from '../../files/yaml.ts'

/** Options of a run by name. Nested names are joined by dots. */
export type RunOptions = Record<string, unknown>

/** Names of secrets, which must not be shown on the board. */
const SECRET = /(^|[._-])(api_?key|password|passwd|secret|(access|auth|hub|hf|wandb)_token)$/i
/** Longer texts and lists are data, not options. */
const LONGEST_TEXT = 1_000
const LONGEST_LIST = 50
/** A file with more options is not a configuration. */
const MOST = 2_000
const DEEPEST = 6

/** Whether the value of an option must not be shown. */
export function isSecret(name: string): boolean {
  return SECRET.test(name.replaceAll('-', '_'))
}

/** The options in an object: plain values and lists of them, without secrets. */
export function optionsIn(value: object): RunOptions {
  const found: RunOptions = {}
  collect(found, value, '', 0)
  return found
}

function collect(into: RunOptions, value: object, prefix: string, depth: number): void {
  for (const [key, one] of Object.entries(value)) {
    const name = prefix + key
    if (isSecret(name) || Object.keys(into).length >= MOST) continue
    if (isPlain(one) || isPlainList(one)) setOwn<unknown>(into, name, one)
    else if (isObject(one) && depth < DEEPEST) collect(into, one, `${name}.`, depth + 1)
  }
}

/** The options in a YAML file. Items of a list are joined to one value. */
export function optionsOfYaml(values: readonly YamlValue[]): RunOptions {
  const found: RunOptions = {}
  const lists = new Map<string, unknown[]>()
  for (const { name, value, isListed } of values) {
    const [, list, index] = (isListed && /^(.*)\.(\d+)$/.exec(name)) || []
    if (list === undefined) {
      if (!isListed) setOwn<unknown>(found, name, value)
      continue
    }
    const items = lists.get(list) ?? []
    if (items.length === Number(index)) lists.set(list, [...items, value])
  }
  for (const [name, items] of lists) setOwn<unknown>(found, name, items)
  return optionsIn(found)
}

/** Merges options; the first value of each name is used. */
export function mergeOptions(all: readonly RunOptions[]): RunOptions {
  return Object.fromEntries(all.toReversed().flatMap((one) => Object.entries(one)))
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'boolean'
}

function isPlainList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= LONGEST_LIST && value.every(isPlain)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
