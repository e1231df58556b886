import { configOptions } from '@bestmark/core'
import type { JobDetail } from '../api.ts'
import { optionText } from '../figures.ts'

/** One option of a run, with its name as a path: optimizer.lr. */
export interface OptionText {
  name: string
  text: string
}

/** One line of facts: a label and its value. */
export interface Fact {
  name: string
  label: string
  text: string
}

/** The options of a run, sorted by name. */
export function optionTexts(config: Record<string, unknown>): OptionText[] {
  return configOptions(config).map(({ name, value }) => ({ name, text: optionText(value) }))
}

/** An option as a line of facts, under its name. */
export function factLine({ name, text }: OptionText): Fact {
  return { name, label: name, text }
}

/** The environment facts that are shown first; the others follow by name. */
const ENVIRONMENT = new Map([
  ['command', 'command line'],
  ['working_directory', 'working directory'],
  ['git_commit', 'git commit'],
  ['git_branch', 'git branch'],
  ['git_dirty', 'uncommitted changes'],
  ['host', 'host'],
  ['gpus', 'GPUs'],
  ['cpus', 'CPUs'],
  ['memory_gib', 'memory (GiB)'],
  ['system', 'system'],
  ['python', 'Python'],
])
const FIRST = [...ENVIRONMENT.keys()]

/** Where and with what a run was started: command and commit first, versions of packages last. */
export function environmentLines(environment: Record<string, unknown>): Fact[] {
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return configOptions(environment)
    .map(({ name, value }) => ({
      name,
      label: environmentLabel(name),
      text: environmentText(name, value),
    }))
    .sort((a, b) => rank(a.name) - rank(b.name))
}

function environmentLabel(name: string): string {
  return ENVIRONMENT.get(name) ?? name.replace(/^packages\./, '')
}

function environmentText(name: string, value: unknown): string {
  if (name === 'git_dirty') return value === true ? 'yes: the code differs from the commit' : 'no'
  return Array.isArray(value) ? value.map(optionText).join(', ') : optionText(value)
}

/** What the run declares beside its options. */
export function declaredLines(detail: JobDetail): Fact[] {
  const { declared_metric, declared_direction, declared_by, metric_is_inferred } = detail
  const lines: [name: string, label: string, value: string | number | null][] = [
    ['declared_metric', 'metric that decides', declared_metric],
    ['declared_direction', 'better', declared_direction && BETTER[declared_direction]],
    ['declared_by', metric_is_inferred ? 'inferred from' : 'declared by', declared_by],
    ['save_steps', 'saves every (steps)', detail.save_steps],
    ['source', 'read from', detail.source],
    ['recipe', 'recipe', detail.recipe],
    ['tags', 'tags', detail.tags.join(', ')],
  ]
  return lines.flatMap(([name, label, value]) =>
    value === null || value === '' ? [] : [{ name, label, text: String(value) }],
  )
}

const BETTER = { min: 'lower', max: 'higher' } as const

/** The lines whose label or value has a text, in any letter case. */
export function matching(lines: readonly Fact[], text: string): Fact[] {
  const part = text.trim().toLowerCase()
  return lines.filter(({ label, text: value }) => `${label} ${value}`.toLowerCase().includes(part))
}

/** Lines in two: those of some names, and all others. */
export function divided(lines: readonly Fact[], names: ReadonlySet<string>): [Fact[], Fact[]] {
  return [lines.filter(({ name }) => names.has(name)), lines.filter(({ name }) => !names.has(name))]
}
