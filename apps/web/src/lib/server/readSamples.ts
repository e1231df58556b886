import type { Sample, SamplePair } from '../api.ts'

/** A sample with its file, so that a report needs no server. */
export interface ReportSample extends Sample {
  /** The file as a `data:` address; null if the report does not have it. */
  data: string | null
}

/** The samples of a report: those nearest to the best checkpoint, and the last ones. */
export interface ReportSamples {
  best: ReportSample[]
  /** Steps from the best checkpoint to its samples. */
  distance: number
  last: ReportSample[]
  /** How many prompts are not in the report. */
  more: number
}

/** The most prompts in a report, and its largest file (bytes). */
const MOST = 4
const LARGEST = 2 << 20

/** Reads the samples of a report. */
export async function readSamples(api: App.Locals['api'], job_id: string): Promise<ReportSamples> {
  const { best, distance, last } = await api.samples.pair({ job_id })
  const prompts = [...new Set([...best, ...last].map(({ prompt_index }) => prompt_index))]
  const shown = prompts.sort((a, b) => a - b).slice(0, MOST)
  const withData = (side: SamplePair['best']) =>
    Promise.all(
      side
        .filter(({ prompt_index }) => shown.includes(prompt_index))
        .map(async (sample) => ({ ...sample, data: await dataOf(api, job_id, sample) })),
    )
  const more = prompts.length - shown.length
  return { best: await withData(best), distance, last: await withData(last), more }
}

async function dataOf(
  api: App.Locals['api'],
  job_id: string,
  { sample_id, content_state, bytes }: Sample,
): Promise<string | null> {
  if (content_state !== 'stored' || (bytes ?? 0) > LARGEST) return null
  const file = await api.samples.content({ job_id, sample_id })
  if (!file) return null
  return `data:${file.media_type};base64,${Buffer.from(file.content).toString('base64')}`
}
