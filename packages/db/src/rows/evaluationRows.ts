import { type Detail, type Evaluation, type Measured, setOwn } from '@bestmark/core'
import { sql } from 'drizzle-orm'
import type { Orm } from '../connection/client.ts'
import { evaluations } from '../schema.ts'

/** The first evaluation of a metric at a step, with the columns that a decision needs. */
export type EvaluationRow = Pick<
  typeof evaluations.$inferSelect,
  | 'job_id'
  | 'attempt'
  | 'step'
  | 'metric'
  | 'value'
  | 'epoch'
  | 'samples'
  | 'origin_file'
  | 'origin_line'
  | 'scored_by'
>

/** Rows that differ only in some numbers, which are packed. */
interface PackedRows extends Pick<
  EvaluationRow,
  'job_id' | 'attempt' | 'metric' | 'samples' | 'origin_file' | 'scored_by'
> {
  is_null: boolean
  arrivals: Buffer
  steps: Buffer
  values: Buffer
  epochs: Buffer
  lines: Buffer
}

/**
 * The first evaluation of each metric and step of some jobs, by job, in order of arrival. Postgres packs
 * them, because rows of 100,000 evaluations take longer than the decision over them.
 */
export async function evaluationRows(
  orm: Pick<Orm, 'execute'>,
  job_ids: readonly string[],
): Promise<Map<string, EvaluationRow[]>> {
  if (job_ids.length === 0) return new Map()
  const packed = (column: string) =>
    sql.raw(`string_agg(float8send(coalesce(${column}::float8, 'NaN')), '')`)
  const rows = await orm.execute(sql`
    select job_id, attempt, metric, samples::float8 as samples, origin_file, scored_by,
      value is null as is_null, ${packed('arrival')} as arrivals, ${packed('step')} as steps,
      ${packed('value')} as values, ${packed('epoch')} as epochs, ${packed('origin_line')} as lines
    from ${evaluations} where job_id = any(${sql.param([...job_ids])}::uuid[]) and repeat = 0
    group by job_id, attempt, metric, evaluations.samples, origin_file, scored_by, value is null`)
  // The columns are those of the query.
  const ofJobs = Map.groupBy(rows as unknown as PackedRows[], ({ job_id }) => job_id)
  return new Map([...ofJobs].map(([job_id, ofJob]) => [job_id, unpacked(ofJob)]))
}

/** The rows in order of arrival, which numbers the evaluations of a job from 1. */
function unpacked(packed: readonly PackedRows[]): EvaluationRow[] {
  const arrived: EvaluationRow[] = []
  for (const { is_null, arrivals, ...rest } of packed) {
    const { job_id, attempt, metric, samples, origin_file, scored_by } = rest
    const [steps, values] = [numbersIn(rest.steps), numbersIn(rest.values)]
    const [epochs, lines] = [numbersIn(rest.epochs), numbersIn(rest.lines)]
    numbersIn(arrivals).forEach((arrival, at) => {
      arrived[arrival] = {
        ...{ job_id, attempt, metric, samples, origin_file, scored_by },
        step: steps[at] ?? NaN,
        value: is_null ? null : (values[at] ?? NaN),
        epoch: orNull(epochs[at]),
        origin_line: orNull(lines[at]),
      }
    })
  }
  // Numbers of repeated evaluations have no row.
  return arrived.filter((row) => row !== undefined)
}

/** The numbers that Postgres packed, which writes the highest byte first. */
function numbersIn(bytes: Buffer): Float64Array {
  return new Float64Array(new Uint8Array(Buffer.from(bytes).swap64()).buffer)
}

function orNull(number = NaN): number | null {
  return Number.isNaN(number) ? null : number
}

/**
 * The rows of each (attempt, step) as one evaluation, in order of arrival. The facts of a value are
 * listed separately if they differ from those of the first value.
 */
export function evaluationsOf(rows: readonly EvaluationRow[]): Evaluation[] {
  const evaluations: Begun[] = []
  const firsts: EvaluationRow[] = []
  // By attempt and step. Two maps of numbers are several times faster than one of texts.
  const attempts = new Map<number, Map<number, number>>()
  for (const row of rows) {
    const steps = attempts.get(row.attempt) ?? new Map<number, number>()
    attempts.set(row.attempt, steps)
    const at = steps.get(row.step) ?? evaluations.length
    const first = (firsts[at] ??= row)
    const evaluation = (evaluations[at] ??= beginning(row))
    if (first === row) steps.set(row.step, at)
    else setOwn(evaluation.values, row.metric, row.value)
    if (row.scored_by === null && isSame(row, first)) continue
    evaluation.details ??= {}
    setOwn(evaluation.details, row.metric, detail(row))
  }
  return evaluations
}

/** An evaluation whose later values may follow. */
interface Begun extends Evaluation {
  values: Record<string, Measured>
  details?: Record<string, Detail>
}

function beginning(first: EvaluationRow): Begun {
  const { attempt, step, epoch, metric, value } = first
  const { origin, samples } = detail(first)
  return { attempt, step, epoch, values: { [metric]: value }, origin, samples }
}

function detail({
  origin_file: file,
  origin_line: line,
  samples,
  scored_by,
}: EvaluationRow): Detail {
  return { origin: file === null ? null : { file, line }, samples, scored_by }
}

function isSame(row: EvaluationRow, other: EvaluationRow): boolean {
  return (
    row.origin_file === other.origin_file &&
    row.origin_line === other.origin_line &&
    row.samples === other.samples
  )
}
