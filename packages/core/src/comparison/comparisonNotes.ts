import { isBetter } from '../metric/direction.ts'
import { figure, listedWords } from '../metric/figure.ts'
import type { ComparedRun, ComparisonGroup, ComparisonNote } from './comparison.ts'
import { groupWords, runWords } from './sentence.ts'

interface Found {
  groups: readonly ComparisonGroup[]
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

function dividedNotes({ groups }: Found): ComparisonNote[] {
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
function missedNotes({ groups, runs, names }: Found): ComparisonNote[] {
  const byId = new Map(runs.map((run) => [run.job_id, run]))
  return groups.flatMap(({ job_ids, best_job_id, direction, metric }) => {
    const top = byId.get(best_job_id)?.best?.value ?? NaN
    return job_ids.flatMap((job_id): ComparisonNote[] => {
      const missed = byId.get(job_id)?.missed_best
      if (!missed || !isBetter(missed.value, top, direction)) return []
      const what = `${metric} ${figure(missed.value)} at step ${missed.step}`
      const text = `${names.get(job_id)} reached ${what}, but no checkpoint was saved there.`
      return [{ code: 'missed_best', text, job_ids: [job_id] }]
    })
  })
}

function noneNotes({ groups, runs, names }: Found): ComparisonNote[] {
  const job_ids = runs.filter(({ best }) => best === null).map(({ job_id }) => job_id)
  if (job_ids.length === 0 || groups.length === 0) return []
  const have = job_ids.length === 1 ? 'has' : 'have'
  const text = `${runWords(job_ids, names)} ${have} no checkpoint that can be chosen.`
  return [{ code: 'no_best', text, job_ids }]
}

/** Nothing shows that the data differ, and nothing shows that they are the same. */
function unknownNotes({ groups, runs }: Found): ComparisonNote[] {
  const compared = groups.filter((group) => group.job_ids.length > 1).flatMap((one) => one.job_ids)
  const job_ids = runs
    .filter(({ job_id, data }) => compared.includes(job_id) && data.length === 0)
    .map(({ job_id }) => job_id)
  if (job_ids.length === 0) return []
  const whose = job_ids.length === compared.length ? 'the runs' : `${job_ids.length} of the runs`
  const text = `It is unknown on which data ${whose} were evaluated. They are compared because the metric has the same name.`
  return [{ code: 'data_unknown', text, job_ids }]
}

function noiseNotes({ groups }: Found): ComparisonNote[] {
  const job_ids = groups
    .filter((group) => group.noise === null && group.job_ids.length > 1)
    .flatMap((group) => group.job_ids)
  if (job_ids.length === 0) return []
  const text = 'The noise is unknown, so small differences may mean nothing.'
  return [{ code: 'noise_unknown', text, job_ids }]
}

function aliveNotes({ runs, names }: Found): ComparisonNote[] {
  const job_ids = runs.filter(({ alive }) => alive).map(({ job_id }) => job_id)
  if (job_ids.length === 0) return []
  const goes = job_ids.length === 1 ? 'is' : 'are'
  const text = `${runWords(job_ids, names)} ${goes} still running, so this may change.`
  return [{ code: 'still_running', text, job_ids }]
}
