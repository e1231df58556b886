import { short } from '../figures.ts'

/** One setting of a run, its name as a path: optimizer.lr. */
export interface Setting {
  name: string
  text: string
}

/**
 * A run's configuration as lines in the order of their names; objects within it become paths, lists
 * stay on one line.
 */
export function settings(config: Record<string, unknown>): Setting[] {
  return flattened(config, '').sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function flattened(config: Record<string, unknown>, prefix: string): Setting[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const name = prefix + key
    return isRecord(value) ? flattened(value, `${name}.`) : [{ name, text: settingText(value) }]
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function settingText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : short(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
