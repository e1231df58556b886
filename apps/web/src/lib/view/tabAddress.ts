/** The tabs of a job's page, in their order. */
export const TABS = [
  'checkpoints',
  'samples',
  'metrics',
  'output',
  'configuration',
  'history',
] as const
export type Tab = (typeof TABS)[number]

export const LEVELS = ['info', 'warning', 'error', 'sample'] as const
export type Level = (typeof LEVELS)[number]

/** The open tab and its filters. */
export interface TabViewing {
  tab: Tab
  /** Filter of the output: only lines of this level; null for all. */
  level: Level | null
  /** Filter of the output: only lines with this text. */
  text: string
  /** The line of the output that was jumped to, from 1. */
  line: number | null
  /** Filter of the configuration: only options with this text. */
  option: string
  /** The steps of the samples side by side; empty for the best and the last. */
  left: string
  right: string
}

/** Reads an address. */
export function readTabs(parameters: Pick<URLSearchParams, 'get'>): TabViewing {
  return {
    tab: TABS.find((tab) => tab === parameters.get('tab')) ?? 'checkpoints',
    level: LEVELS.find((level) => level === parameters.get('level')) ?? null,
    text: parameters.get('text') ?? '',
    line: Number(/^[1-9]\d{0,14}$/.exec(parameters.get('line') ?? '')?.[0]) || null,
    option: parameters.get('option') ?? '',
    left: parameters.get('left') ?? '',
    right: parameters.get('right') ?? '',
  }
}

/** Adds the state of the tabs to the parameters of an address; defaults are left out. */
export function tabParameters(
  { tab, level, text, line, option, left, right }: TabViewing,
  parameters = new URLSearchParams(),
): URLSearchParams {
  if (tab !== 'checkpoints') parameters.set('tab', tab)
  if (level !== null) parameters.set('level', level)
  if (text !== '') parameters.set('text', text)
  if (line !== null) parameters.set('line', String(line))
  if (option !== '') parameters.set('option', option)
  if (left !== '') parameters.set('left', left)
  if (right !== '') parameters.set('right', right)
  return parameters
}
