/** Series that are shown together: a logged one and its evaluations, under one name. */
export interface SeriesGroup {
  name: string
  series: string[]
  /** System metrics, which are shown apart and over time. */
  isSystem?: true
}

interface Named {
  name: string
  kind: 'logged' | 'evaluation' | 'system'
}

const LOSS: SeriesGroup = { name: 'loss', series: ['loss', 'eval_loss'] }

/**
 * The groups that a chart can show: the metric that decides first, then the losses, then the others
 * by name, and system metrics last. The losses are listed as well if nothing was logged yet.
 */
export function seriesGroups(names: readonly Named[], deciding: string | null): SeriesGroup[] {
  const training = names.filter(({ kind }) => kind !== 'system')
  const hasLoss = training.length === 0 || training.some(({ name }) => LOSS.series.includes(name))
  const groups = new Map<string, SeriesGroup>()
  if (hasLoss) groups.set(LOSS.name, { ...LOSS, series: [...LOSS.series] })
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
          ? 4
          : /loss/i.test(group.name)
            ? 2
            : 3
  return [...groups.values()].sort((a, b) => first(a) - first(b) || a.name.localeCompare(b.name))
}

/** The group that an address names, else the first. */
export function groupNamed(groups: SeriesGroup[], name: string | null): SeriesGroup {
  return groups.find((group) => group.name === name) ?? groups[0] ?? LOSS
}
