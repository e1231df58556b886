import { basename } from 'node:path'
import { expect, test } from 'vitest'
import type { Candidate } from './candidate.ts'
import { noFacts } from './facts.ts'
import { joinWeights } from './join.ts'
import type { LogHistory } from './logHistory.ts'
import { readNameHints } from './nameHints.ts'

const rows = [6, 4, 5].map((loss, at) => {
  return { attempt: 0, step: at + 1, epoch: at + 1, at: null, values: { eval_loss: loss } }
})
const history: LogHistory = { rows, last: [3] }

/** Weights with these tensors. */
function candidate(path: string, digest: string): Candidate {
  const hints = readNameHints(basename(path))
  return {
    found: { path, file: path, hints, mtime: 0, size: 1 },
    facts: { ...noFacts(path), digest },
  }
}

const joined = (...candidates: Candidate[]) =>
  joinWeights(
    candidates,
    history,
    { isEpochs: true, shift: 0 },
    { metric: null, total_epochs: null },
  ).map(({ path, step, step_note }) => [path, step, step_note?.code ?? null])

test('weights with the tensors of others have their step, without a note if that step is sure', () => {
  expect(
    joined(
      ...[candidate('2epoch.pth', 'a'), candidate('3epoch.pth', 'b')],
      ...[candidate('copy.pth', 'a'), candidate('best.pth', 'b')],
    ),
  ).toEqual([
    ['2epoch.pth', 2, null],
    ['3epoch.pth', 3, null],
    ['copy.pth', 2, null],
    ['best.pth', 3, null],
  ])
})

test('without tensors that are known, the role of weights is the only evidence, with a note', () => {
  expect(joined(candidate('1epoch.pth', ''), candidate('best.pth', ''))).toEqual([
    ['1epoch.pth', 1, null],
    ['best.pth', 2, 'step_likely'],
  ])
})
