import { basename } from 'node:path'
import { directionOf, ownValue } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { flatFields, isHolder } from '../events/flatFields.ts'
import { isMeasure } from '../events/names.ts'
import { readNameHints } from '../weights/nameHints.ts'
import { type LogRecord, recordOfPairs } from './logRecord.ts'

/** fairseq writes a prefix before the object: `[…][valid][INFO] - {…}`. */
const BEFORE = /^\[[^\]]*\](?:\[[^\]]*\])* - (?=\{)|^[^{|]*\| INFO \| \w+ \| (?=\{)/
/** Fields with the split of a record. */
const SPLITS = ['mode', 'split', 'phase', 'stage', 'type', 'event', 'subset']
const HELD_OUT = /^(eval|evaluate|evaluation|val|valid|validate|validation|dev|test)$/i
/** Fields with the name of the checkpoint that was saved with the record. */
const SAVED = [
  'snapshot_pkl',
  'checkpoint_dir_name',
  'checkpoint_path',
  'checkpoint',
  'ckpt_path',
  'ckpt',
]

/** Numbers of a record that measure nothing. */
const NO_METRIC = /^(timestamp|num_\w+|n_\w+|seed|rank|world_size)$/i

/** Reads a line with a JSON object; undefined for any other line. */
export function readJsonLine(line: string): LogRecord | undefined {
  const text = line.replace(BEFORE, '').trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  const record = jsonObject(text)
  return record && readRecord(record)
}

/** Reads a record; undefined if it has no count or no metric. */
export function readRecord(record: Readonly<Record<string, unknown>>): LogRecord | undefined {
  const saved = SAVED.map((name) => ownValue(record, name)).find((path) => typeof path === 'string')
  const reading =
    recordOfPairs(flatFields(record), splitOf(record)) ?? recordOfWeights(record, saved)
  const measured = reading && isTrial(record) ? reportedRecord(reading) : reading
  return measured && saved !== undefined ? { ...measured, saved } : measured
}

/** Whether Ray wrote a record, for a trial. */
function isTrial(record: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(record, 'trial_id') && Object.hasOwn(record, 'training_iteration')
}

/**
 * Trials of Ray report the metrics by which they are compared. If no name has a split, all metrics with
 * a known direction count as evaluations.
 */
function reportedRecord(reading: LogRecord): LogRecord {
  if (Object.keys(reading.evaluation).length > 0) return reading
  const [reported, others] = [true, false].map((isReported) => {
    const pairs = Object.entries(reading.metrics)
    return Object.fromEntries(
      pairs.filter(([name]) => (directionOf(name) !== undefined) === isReported),
    )
  })
  return { ...reading, metrics: others ?? {}, evaluation: reported ?? {} }
}

/**
 * A record without a count is an evaluation of the weights that it names, such as StyleGAN's
 * `{"results": {"fid50k_full": 12.3}, "snapshot_pkl": "network-snapshot-000200.pkl"}`.
 */
function recordOfWeights(
  record: Readonly<Record<string, unknown>>,
  saved: string | undefined,
): LogRecord | undefined {
  if (saved === undefined) return undefined
  const { step, epoch, number } = readNameHints(basename(saved.replaceAll('\\', '/')))
  const at = step ?? number
  const holder = Object.keys(record).find(isHolder)
  const pairs = flatFields(holder === undefined ? record : { [holder]: ownValue(record, holder) })
  const count = at === null ? ['epoch', epoch] : ['step', at]
  const measured = pairs.filter(([name]) => isMeasure(name) && !NO_METRIC.test(name))
  return recordOfPairs([...measured, [String(count[0]), count[1]]], 'eval')
}

/**
 * The held-out split of a record. mmengine does not name it: its evaluations have `data_time`, but no
 * loss and no learning rate.
 */
function splitOf(
  record: Readonly<Record<string, unknown>>,
): 'eval' | 'test' | 'unnamed' | undefined {
  const words = SPLITS.map((name) => ownValue(record, name)).filter(
    (one) => typeof one === 'string',
  )
  const word = words.find((one) => HELD_OUT.test(one))
  if (word !== undefined) return /^test$/i.test(word) ? 'test' : 'eval'
  const names = Object.keys(record)
  const isTraining = names.some((name) => /loss|(^|_)lr$|learning_rate/i.test(name))
  return names.includes('data_time') && !isTraining ? 'unnamed' : undefined
}
