import { expect, test } from 'vitest'
import type { ServingFiles } from '../run/servingFiles.ts'
import {
  isTakenFor,
  type ServedFiles,
  servingAdvice,
  type ServingProblem,
} from './servingAdvice.ts'
import { servingAdviceText } from './servingAdviceText.ts'

const FILES: ServingFiles = {
  ...{ bytes: 1, has: [], is_named_for_transformers: false, task: null, shards: null },
}

function checkpoint(step: number, serving: Partial<ServingFiles>, kind = {}): ServedFiles {
  const path = `checkpoint-${step}`
  const of = { path, absolute_path: `/runs/my run/${path}`, kind: 'full', base: null } as const
  return { ...of, serving: { ...FILES, ...serving }, ...kind }
}

const WITH = { has: ['config.json', 'tokenizer.json'] }
const others = [checkpoint(100, WITH), checkpoint(200, WITH)]

test('a checkpoint without files that all others have is told where to take them from', () => {
  const { problems, files_from } = servingAdvice(checkpoint(300, { has: [] }), others)
  expect(problems).toEqual([{ code: 'files_missing', names: WITH.has }])
  expect(files_from[0]).toEqual({ path: 'checkpoint-100', names: WITH.has })
  expect(servingAdvice(checkpoint(300, WITH), others)).toEqual({ problems: [], files_from: [] })
  expect(servingAdvice(checkpoint(300, { has: [] }), others.slice(1)).problems).toEqual([])
})

test('weights named for transformers need a config.json, and others do not', () => {
  const named = checkpoint(300, { is_named_for_transformers: true })
  expect(servingAdvice(named, []).problems).toEqual([{ code: 'no_configuration' }])
  expect(servingAdvice(checkpoint(300, {}), []).problems).toEqual([])
})

test('without an inspection nothing is called missing', () => {
  const unseen = { ...checkpoint(300, {}), serving: null }
  expect(servingAdvice(unseen, others)).toEqual({ problems: [], files_from: [] })
})

test('an adapter needs its base, and takes the tokenizer but not the configuration of a model', () => {
  const adapter = { kind: 'adapter', base: '/models/base' }
  const one = checkpoint(300, { task: 'CAUSAL_LM' }, adapter)
  const { problems, files_from } = servingAdvice(one, others)
  expect(problems).toEqual([
    {
      ...{ code: 'needs_base', base: '/models/base' },
      command: expect.stringMatching(
        /^python -c '.*AutoPeftModelForCausalLM.*' '\/runs\/my run\/checkpoint-300' '.*-merged'$/,
      ),
    },
  ])
  expect(files_from).toEqual([
    { path: '/models/base', names: null },
    { path: 'checkpoint-100', names: ['tokenizer.json'] },
    { path: 'checkpoint-200', names: ['tokenizer.json'] },
  ])
  expect(isTakenFor('adapter', 'config.json')).toBe(false)
  expect(servingAdvice(checkpoint(300, {}, { ...adapter, base: 'gpt2' }), []).files_from).toEqual(
    [],
  )
})

test('shards are merged with a command where one is known', () => {
  const command = (shards: ServingFiles['shards']) => {
    const [problem] = servingAdvice(checkpoint(300, { shards }, { kind: 'sharded' }), []).problems
    return problem?.code === 'needs_merge' ? problem.command : undefined
  }
  const path = "'/runs/my run/checkpoint-300"
  expect(command('zero')).toBe(`python ${path}/zero_to_fp32.py' ${path}' ${path}-merged'`)
  expect(command('distributed')).toContain(`dcp_to_torch ${path}' ${path}-merged.pt'`)
  expect(command(null)).toBeNull()
})

test('each problem has a sentence that names what is missing', () => {
  const problems: ServingProblem[] = [
    { code: 'files_missing', names: ['vocab.json'] },
    { code: 'no_configuration' },
    { code: 'needs_base', base: 'gpt2', command: null },
    { code: 'needs_merge', command: 'python x' },
  ]
  const words = ['vocab.json', 'config.json', 'together with gpt2.', 'with this command']
  for (const [at, problem] of problems.entries())
    expect(servingAdviceText(problem)).toContain(words[at])
})
