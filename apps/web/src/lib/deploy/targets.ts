import { DEFAULT_TARGET } from '@bestmark/core'
import type { HostTarget } from '../api.ts'
import { remember, remembered } from '../page/remembered.ts'

/** A target as the dialog offers it. */
export type OfferedTarget = Pick<HostTarget, 'name' | 'kind' | 'place' | 'conditions'>

const KEY = 'bestmark_target'

/** The target that every host has, also if its agent has published none yet. */
export const FOLDER: OfferedTarget = {
  name: DEFAULT_TARGET,
  kind: 'folder',
  place: 'models',
  conditions: null,
}

/** The targets of a host with the default one first. */
export function offeredTargets(published: readonly OfferedTarget[]): OfferedTarget[] {
  const folder = published.find(({ name }) => name === DEFAULT_TARGET) ?? FOLDER
  return [folder, ...published.filter(({ name }) => name !== DEFAULT_TARGET)]
}

/** A wanted target, else the one that was used last, if it is still offered; else the first. */
export function firstTarget(offered: readonly OfferedTarget[], wanted?: string): string {
  const names = offered.map(({ name }) => name)
  const found = [wanted, remembered(KEY), ...names].find((one) => one && names.includes(one))
  return found ?? DEFAULT_TARGET
}

/** Stores the target that was used, for the next time. */
export function rememberTarget(name: string): void {
  remember(KEY, name)
}

/** What a target does with the complete copy; empty for a folder, which has it already. */
export function deliveryWords({ name, kind, place }: OfferedTarget): string {
  if (kind === 'command') return `runs ${place} of target ${name}, `
  if (kind === 'playground') return 'lets it write a text, '
  if (kind === 's3') return `uploads it to ${place}, `
  return kind === 'http' ? `tells ${place}, ` : ''
}
