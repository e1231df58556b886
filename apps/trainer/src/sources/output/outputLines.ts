import { readMeasured, ownValue, setOwn } from '@bestmark/core'
import { numberIn } from '../../files/csv.ts'
import type { Values } from '../events/newEvents.ts'
import { jsonObject } from '../../files/json.ts'
import { heldOutName, isHeldOut, findTrainingLoss } from '../events/names.ts'
import { isCount } from '../../files/json.ts'

/** What one line of a program's output measured. */
export interface OutputRow {
  /** Optimiser steps completed; null where the line does not tell. */
  step: number | null
  epoch: number | null
  total: number | null
  metrics: Values
  evaluation: Values
  /** The program evaluates where it stands, so that a step before the last one is a going back. */
  isOfCurrentWeights?: boolean
}

const NUMBER = String.raw`(-?(?:nan|inf|[\d.]+(?:e[-+]?\d+)?))`
/** nanoGPT evaluates with the weights of so many completed steps, before it takes the next one. */
const EVALUATED = new RegExp(`^step (\\d+): train loss ${NUMBER}, val loss ${NUMBER}`, 'i')
/** nanoGPT logs an iteration, counted from 0, once its step is taken. */
const ITERATION = new RegExp(`^iter (\\d+): loss ${NUMBER}`, 'i')
/** `step:250/5000 train_loss:3.9 …`, as speedruns of nanoGPT write it. */
const COUNTED = /^step:(\d+)\/(\d+) (?=.*\b\w*loss:)/
const PAIR = new RegExp(`(?:^| )([A-Za-z_][\\w/]*):${NUMBER}(?= |$)`, 'gi')
/** The dictionaries that the HuggingFace Trainer prints; their numbers may stand in quotes. */
const DICTIONARY = /^\{'[\w/]+': .*\}$/
const ENTRY = /'([\w./@-]+)': '?([^,'}]+)'?/g
/** What the Trainer's closing line sums up; it is not of a step. */
const SUMMARY = /^(train_|total_flos$)/

/** Whether a line is one that nanoGPT, or a program after it, writes. */
export function isNanoGpt(line: string): boolean {
  return EVALUATED.test(line) || ITERATION.test(line) || COUNTED.test(line)
}

/** Reads one line of output; undefined where it measures nothing. */
export function readOutputLine(line: string): OutputRow | undefined {
  return nanoGpt(line) ?? counted(line) ?? dictionary(line) ?? jsonLine(line)
}

function nanoGpt(line: string): OutputRow | undefined {
  const nothing = { epoch: null, total: null, metrics: {}, evaluation: {} }
  const evaluated = EVALUATED.exec(line)
  if (evaluated) {
    const [, step, train, val] = evaluated
    const evaluation = { eval_loss: numberIn(val) ?? null }
    return {
      ...nothing,
      step: Number(step),
      metrics: { train_loss: numberIn(train) ?? null },
      evaluation,
      isOfCurrentWeights: true,
    }
  }
  const iteration = ITERATION.exec(line)
  if (!iteration) return undefined
  const [, step, loss] = iteration
  return { ...nothing, step: Number(step) + 1, metrics: { loss: numberIn(loss) ?? null } }
}

function counted(line: string): OutputRow | undefined {
  const [head, step, total] = COUNTED.exec(line) ?? []
  if (head === undefined) return undefined
  const pairs = [...line.slice(head.length).matchAll(PAIR)].map(([, name = '', value]) => {
    return [name, numberIn(value)] as const
  })
  return { step: Number(step), epoch: null, total: Number(total), ...byKind(pairs) }
}

function dictionary(line: string): OutputRow | undefined {
  if (!DICTIONARY.test(line)) return undefined
  const pairs = [...line.matchAll(ENTRY)].map(([, name = '', value]) => {
    return [name, numberIn(value?.trim())] as const
  })
  const epoch = pairs.find(([name]) => name === 'epoch')?.[1] ?? null
  const said = pairs.find(([name]) => name === 'step')?.[1]
  const step = isCount(said) ? said : null
  const told = pairs.filter(([name]) => name !== 'epoch' && name !== 'step' && !SUMMARY.test(name))
  return { step, epoch, total: null, ...byKind(told) }
}

const STEP = ['step', 'global_step', 'current_steps', 'iteration', 'iter']
const TOTAL = ['total_steps', 'max_steps']

function jsonLine(line: string): OutputRow | undefined {
  if (!line.startsWith('{"') || !line.endsWith('}')) return undefined
  const said = jsonObject(line)
  if (!said) return undefined
  const count = (names: readonly string[]): number | null => {
    const value = names.map((name) => ownValue(said, name)).find((one) => typeof one === 'number')
    return isCount(value) ? value : null
  }
  const step = count(STEP)
  if (step === null) return undefined
  const epoch = typeof said['epoch'] === 'number' ? said['epoch'] : null
  const pairs = Object.entries(said).flatMap(([name, value]) => {
    if (name === 'epoch' || STEP.includes(name) || TOTAL.includes(name)) return []
    return [[name, readMeasured(value) ?? undefined] as const]
  })
  return { step, epoch, total: count(TOTAL), ...byKind(pairs) }
}

function byKind(pairs: readonly (readonly [string, number | undefined])[]) {
  const values = { metrics: {} as Values, evaluation: {} as Values }
  const loss = findTrainingLoss(pairs.map(([name]) => name))
  for (const [name, value] of pairs) {
    if (value === undefined) continue
    if (isHeldOut(name)) setOwn(values.evaluation, heldOutName(name), value)
    else setOwn(values.metrics, name === loss ? 'loss' : name, value)
  }
  return values
}
