/** Series that are shown together: one that is logged and its evaluations, under one name. */
export interface SeriesGroup {
  name: string
  series: string[]
  /** How the machine is used, which is shown apart and over time. */
  isSystem?: true
}

interface Named {
  name: string
  kind: 'logged' | 'evaluation' | 'system'
}

const LOSS: SeriesGroup = { name: 'loss', series: ['loss', 'eval_loss'] }

/**
 * What a chart can show of a job: the metric that decides first, then the losses, then the others
 * by name, and how the machine is used last. The losses are always there, since their first points may be on their way.
 */
export function seriesGroups(names: readonly Named[], deciding: string | null): SeriesGroup[] {
  const groups = new Map<string, SeriesGroup>([[LOSS.name, { ...LOSS, series: [...LOSS.series] }]])
  for (const { name, kind } of names) {
    const key = kind === 'evaluation' ? name.replace(/^eval_/, '') : name
    const group: SeriesGroup = groups.get(key) ?? { name: key, series: [] }
    if (kind === 'system') group.isSystem = true
    if (!group.series.includes(name)) group.series.push(name)
    groups.set(key, group)
  }
  const first = (group: SeriesGroup) =>
    deciding !== null && group.series.includes(deciding)
      ? 0
      : group.name === LOSS.name
        ? 1
        : group.isSystem
          ? 3
          : 2
  return [...groups.values()].sort((a, b) => first(a) - first(b) || a.name.localeCompare(b.name))
}

/** The group that an address asks for, else the first. */
export function groupNamed(groups: SeriesGroup[], name: string | null): SeriesGroup {
  return groups.find((group) => group.name === name) ?? groups[0] ?? LOSS
}
