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

test('only what every other inspected checkpoint has is missing, and only configuration or vocabulary', () => {
  const namesFor = (one: ServedFiles, some: readonly ServedFiles[]) =>
    servingAdvice(one, some).problems.flatMap((problem) =>
      problem.code === 'files_missing' ? problem.names : [],
    )
  const empty = checkpoint(300, {})
  const unseen = { ...checkpoint(50, {}), serving: null }
  expect(namesFor(empty, [unseen, ...others])).toEqual(WITH.has)
  expect(namesFor(empty, [...others, checkpoint(250, { has: ['config.json'] })])).toEqual([
    'config.json',
  ])
  const more = { has: ['README.md', 'model.safetensors', 'config.json'] }
  expect(namesFor(empty, [checkpoint(100, more), checkpoint(200, more)])).toEqual(['config.json'])
  const itself = checkpoint(300, { has: ['config.json'] })
  expect(namesFor(itself, [itself, ...others])).toEqual(['tokenizer.json'])
})

test('files are offered only for a problem, by those that add most, at most five', () => {
  const more = checkpoint(100, { has: [...WITH.has, 'vocab.json'] })
  expect(servingAdvice(checkpoint(300, WITH), [more])).toEqual({ problems: [], files_from: [] })
  const one = checkpoint(300, {}, { kind: 'adapter' })
  const six = [1, 2, 3, 4, 5, 6].map((step) => checkpoint(step, WITH))
  const none = checkpoint(7, { has: ['README.md'] })
  const { files_from } = servingAdvice(one, [none, ...six, more])
  expect(files_from.map(({ path }) => path)).toEqual(
    [100, 1, 2, 3, 4].map((step) => `checkpoint-${step}`),
  )
  expect(files_from[0]?.names).toEqual(['tokenizer.json', 'vocab.json'])
  expect(servingAdvice(one, [none]).files_from).toEqual([])
})

test('the folder of the base is offered if it is a path and the adapter has no vocabulary', () => {
  const fromBase = (base: string | null, has: string[] = []) =>
    servingAdvice(checkpoint(300, { has }, { kind: 'adapter', base }), []).files_from
  const windows = String.raw`C:\models\base`
  expect(fromBase('/models/base')).toEqual([{ path: '/models/base', names: null }])
  expect(fromBase(windows)).toEqual([{ path: windows, names: null }])
  expect(fromBase('/models/base', ['tokenizer.json'])).toEqual([])
  expect(fromBase('org/model')).toEqual([])
  expect(fromBase(null)).toEqual([])
})

test('only configuration and vocabulary are taken from another folder', () => {
  expect(
    ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => isTakenFor('full', name)),
  ).toEqual([true, true, false])
})

test('weights named for transformers need a config.json, and others do not', () => {
  const named = checkpoint(300, { is_named_for_transformers: true })
  expect(servingAdvice(named, []).problems).toEqual([{ code: 'no_configuration' }])
  expect(servingAdvice(checkpoint(300, {}), []).problems).toEqual([])
  const whole = checkpoint(300, { ...WITH, is_named_for_transformers: true })
  expect(servingAdvice(whole, []).problems).toEqual([])
  const codes = (one: ServedFiles, some: readonly ServedFiles[]) =>
    servingAdvice(one, some).problems.map(({ code }) => code)
  expect(codes(named, others)).toEqual(['files_missing'])
  expect(codes({ ...named, kind: 'adapter' }, [])).toEqual(['needs_base'])
  expect(codes({ ...named, kind: 'sharded' }, [])).toEqual(['needs_merge'])
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

test('each problem has a sentence that says what to do', () => {
  const said = (problem: ServingProblem) => servingAdviceText(problem)
  const base = { code: 'needs_base', base: 'gpt2', command: null } as const
  const merge = { code: 'needs_merge', command: null } as const
  expect(said({ code: 'files_missing', names: ['vocab.json', 'merges.txt'] })).toBe(
    'It has no vocab.json, merges.txt, but every other checkpoint of the run has.',
  )
  expect(said({ code: 'no_configuration' })).toContain('It has no config.json')
  expect(said(base)).toBe('This is an adapter. Serve it together with gpt2.')
  expect(said({ ...base, base: null, command: 'python x' })).toBe(
    'This is an adapter. Serve it together with its base, or merge both with this command.',
  )
  expect(said(merge)).toBe('It is saved in shards. Merge them before you serve it.')
  expect(said({ ...merge, command: 'python x' })).toBe(
    'It is saved in shards. Merge them with this command before you serve it.',
  )
})
