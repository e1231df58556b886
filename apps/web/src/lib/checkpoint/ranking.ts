import type { CheckpointList, CheckpointRow } from '../api.ts'
import { count } from '../figures.ts'

/** Checkpoints as a person reads them: best first, by rank, then those that were passed over. */
export function ranked({ checkpoints, selection }: CheckpointList): CheckpointRow[] {
  const rank = new Map(selection.ranking.map(({ checkpoint_id }, index) => [checkpoint_id, index]))
  const place = ({ checkpoint_id }: CheckpointRow) => rank.get(checkpoint_id) ?? Infinity
  return checkpoints.toSorted((a, b) => {
    const [first, second] = [place(a), place(b)]
    return first === second ? (b.step ?? -1) - (a.step ?? -1) : first - second
  })
}

/** The metric of a test split, which neither training nor the choice saw, where one was scored. */
export function testMetric(checkpoints: readonly CheckpointRow[]): string | null {
  const names = checkpoints.flatMap(({ values }) => Object.keys(values))
  const tests = names.filter((name) => name.startsWith('test_'))
  return tests.find((name) => name === 'test_loss') ?? tests[0] ?? null
}

/** How a checkpoint is called: by its step, else by its file. */
export function checkpointName({ step, path }: Pick<CheckpointRow, 'step' | 'path'>): string {
  return step === null ? path : `step ${count(step)}`
}
