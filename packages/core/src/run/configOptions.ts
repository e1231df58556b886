import { isRecord } from '../named.ts'

/** One option of a run's configuration. The name of a nested one is a path: `optimizer.lr`. */
export interface ConfigOption {
  name: string
  value: unknown
}

/** A configuration as a flat list in order of names; a list is one value. */
export function configOptions(config: Readonly<Record<string, unknown>>): ConfigOption[] {
  return flattened(config, '').sort((a, b) => byName(a.name, b.name))
}

/** Natural order of names: `layer.2` before `layer.10`. */
export function byName(a: string, b: string): number {
  names ??= new Intl.Collator('en', { numeric: true })
  return names.compare(a, b)
}

/** Made when it is first used, because it takes milliseconds, and few commands need it. */
let names: Intl.Collator | undefined

function flattened(config: object, prefix: string): ConfigOption[] {
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) => {
    const name = prefix + key
    return isRecord(value) ? flattened(value, `${name}.`) : [{ name, value }]
  })
}
