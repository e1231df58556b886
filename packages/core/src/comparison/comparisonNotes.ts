import { isBetter } from '../metric/direction.ts'
import { figure, grouped, listedWords } from '../metric/figure.ts'
import type { ComparedRun, ComparisonNote } from './comparison.ts'
import type { RankedGroup } from './groups.ts'
import { groupWords, runWords } from './sentence.ts'

interface Found {
  ranked: readonly RankedGroup[]
  runs: readonly ComparedRun[]
  names: ReadonlyMap<string, string>
}

/** The notes of a comparison, with those that divide the runs first. */
export function comparisonNotes(found: Found): ComparisonNote[] {
  return [
    ...dividedNotes(found),
    ...missedNotes(found),
    ...noneNotes(found),
    ...unknownNotes(found),
    ...noiseNotes(found),
    ...aliveNotes(found),
  ]
}

function dividedNotes({ ranked }: Found): ComparisonNote[] {
  const groups = ranked.map(({ group }) => group)
  const job_ids = groups.flatMap((group) => group.job_ids)
  const metrics = [...new Set(groups.map((group) => groupWords({ ...group, data: [] })))]
  const facts = [...new Set(groups.flatMap(({ data }) => data.map(({ name }) => name)))]
  const notes: ComparisonNote[] = []
  if (metrics.length > 1) {
    const text = `The runs are decided by different metrics: ${listedWords(metrics)}.`
    notes.push({ code: 'different_metrics', text, job_ids })
  }
  if (facts.length > 0) {
    const text = `The runs were evaluated on different data: they differ in ${listedWords(facts)}.`
    notes.push({ code: 'different_data', text, job_ids })
  }
  return notes
}

/** An evaluation that is better than the best of its group, and was not saved. */
function missedNotes({ ranked, names }: Found): ComparisonNote[] {
  return ranked.flatMap(({ best, others }) => {
    const { metric, direction } = best
    return [best, ...others].flatMap(({ job_id, missed_best: missed }): ComparisonNote[] => {
      if (!missed || !isBetter(missed.value, best.best.value, direction)) return []
      const what = `${metric} ${figure(missed.value)} at step ${grouped(missed.step)}`
      const text = `${names.get(job_id)} reached ${what}, but no checkpoint was found there.`
      return [{ code: 'missed_best', text, job_ids: [job_id] }]
    })
  })
}

function noneNotes({ ranked, runs, names }: Found): ComparisonNote[] {
  const job_ids = runs.filter(({ best }) => best === null).map(({ job_id }) => job_id)
  if (job_ids.length === 0 || ranked.length === 0) return []
  const have = job_ids.length === 1 ? 'has' : 'have'
  const text = `${runWords(job_ids, names)} ${have} no checkpoint that can be chosen.`
  return [{ code: 'no_best', text, job_ids }]
}

/** Nothing shows that the data differ, and nothing shows that they are the same. */
function unknownNotes({ ranked }: Found): ComparisonNote[] {
  const compared = ranked.filter(isCompared).flatMap(({ best, others }) => [best, ...others])
  const job_ids = compared.filter(({ data }) => data.length === 0).map(({ job_id }) => job_id)
  if (job_ids.length === 0) return []
  const whose = job_ids.length === compared.length ? 'the runs' : `${job_ids.length} of the runs`
  const text = `It is unknown on which data ${whose} were evaluated. They are compared because the metric has the same name.`
  return [{ code: 'data_unknown', text, job_ids }]
}

function noiseNotes({ ranked }: Found): ComparisonNote[] {
  const job_ids = ranked
    .filter((one) => one.group.noise === null && isCompared(one))
    .flatMap(({ group }) => group.job_ids)
  if (job_ids.length === 0) return []
  const text = 'The noise is unknown, so small differences may mean nothing.'
  return [{ code: 'noise_unknown', text, job_ids }]
}

function isCompared({ others }: RankedGroup): boolean {
  return others.length > 0
}

function aliveNotes({ runs, names }: Found): ComparisonNote[] {
  const job_ids = runs.filter(({ alive }) => alive).map(({ job_id }) => job_id)
  if (job_ids.length === 0) return []
  const goes = job_ids.length === 1 ? 'is' : 'are'
  const text = `${runWords(job_ids, names)} ${goes} still running, so this may change.`
  return [{ code: 'still_running', text, job_ids }]
}
