import { settingsIn } from '@bestmark/core'
import { short } from '../figures.ts'

/** One setting of a run, its name as a path: optimizer.lr. */
export interface Setting {
  name: string
  text: string
}

/** A run's configuration as lines in the order of their names. */
export function settings(config: Record<string, unknown>): Setting[] {
  return settingsIn(config).map(({ name, value }) => ({ name, text: settingText(value) }))
}

/** A setting as a line of facts, under its own name. */
export function factLine({ name, text }: Setting): { name: string; label: string; text: string } {
  return { name, label: name, text }
}

/** The value of a setting as one line. */
export function settingText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : short(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
