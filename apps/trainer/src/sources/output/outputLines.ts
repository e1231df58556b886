import { readMeasured, ownValue, setOwn } from '@bestmark/core'
import { numberIn } from '../../files/csv.ts'
import type { Values } from '../events/newEvents.ts'
import { jsonObject } from '../../files/json.ts'
import { heldOutName, isHeldOut, findTrainingLoss } from '../events/names.ts'
import { isCount } from '../../files/json.ts'

/** The values in one line of a program's output. */
export interface OutputRow {
  /** Completed optimiser steps; null if the line has none. */
  step: number | null
  epoch: number | null
  total: number | null
  metrics: Values
  evaluation: Values
  /** Whether the evaluation is of the current weights, so an earlier step means that training went back. */
  isOfCurrentWeights?: boolean
}

const NUMBER = String.raw`(-?(?:nan|inf|[\d.]+(?:e[-+]?\d+)?))`
/** nanoGPT's evaluation. The step counts completed steps. */
const EVALUATED = new RegExp(`^step (\\d+): train loss ${NUMBER}, val loss ${NUMBER}`, 'i')
/** nanoGPT's iteration, counted from 0 and logged after its step. */
const ITERATION = new RegExp(`^iter (\\d+): loss ${NUMBER}`, 'i')
/** A line of nanoGPT speedruns: `step:250/5000 train_loss:3.9 …`. */
const COUNTED = /^step:(\d+)\/(\d+) (?=.*\b\w*loss:)/
const PAIR = new RegExp(`(?:^| )([A-Za-z_][\\w/]*):${NUMBER}(?= |$)`, 'gi')
/** A dictionary that the HuggingFace Trainer prints. Its numbers may be in quotes. */
const DICTIONARY = /^\{'[\w/]+': .*\}$/
const ENTRY = /'([\w./@-]+)': '?([^,'}]+)'?/g
/** Names in the Trainer's last line, which sums up the training and has no step. */
const SUMMARY = /^(train_|total_flos$)/

/** Whether a line is from nanoGPT or a similar program. */
export function isNanoGpt(line: string): boolean {
  return EVALUATED.test(line) || ITERATION.test(line) || COUNTED.test(line)
}

/** Reads one line of output; undefined if it has no metrics. */
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
  const logged = pairs.find(([name]) => name === 'step')?.[1]
  const step = isCount(logged) ? logged : null
  const metrics = pairs.filter(
    ([name]) => name !== 'epoch' && name !== 'step' && !SUMMARY.test(name),
  )
  return { step, epoch, total: null, ...byKind(metrics) }
}

const STEP = ['step', 'global_step', 'current_steps', 'iteration', 'iter']
const TOTAL = ['total_steps', 'max_steps']

function jsonLine(line: string): OutputRow | undefined {
  if (!line.startsWith('{"') || !line.endsWith('}')) return undefined
  const record = jsonObject(line)
  if (!record) return undefined
  const count = (names: readonly string[]): number | null => {
    const value = names.map((name) => ownValue(record, name)).find((one) => typeof one === 'number')
    return isCount(value) ? value : null
  }
  const step = count(STEP)
  if (step === null) return undefined
  const epoch = typeof record['epoch'] === 'number' ? record['epoch'] : null
  const pairs = Object.entries(record).flatMap(([name, value]) => {
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
