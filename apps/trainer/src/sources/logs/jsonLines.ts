import { ownValue } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { flatFields } from '../events/flatFields.ts'
import { type LogRecord, recordOfPairs } from './logRecord.ts'

/** fairseq writes a prefix before the object: `[…][valid][INFO] - {…}`. */
const BEFORE = /^\[[^\]]*\](?:\[[^\]]*\])* - (?=\{)|^[^{|]*\| INFO \| \w+ \| (?=\{)/
/** Fields with the split of a record. */
const SPLITS = ['mode', 'split', 'phase', 'stage', 'type', 'event', 'subset']
const HELD_OUT = /^(eval|evaluate|evaluation|val|valid|validate|validation|dev|test)$/i
/** Fields with the name of the checkpoint that was saved with the record. */
const SAVED = ['checkpoint_dir_name', 'checkpoint_path', 'checkpoint', 'ckpt_path', 'ckpt']

/** Reads a line with a JSON object; undefined for any other line. */
export function readJsonLine(line: string): LogRecord | undefined {
  const text = line.replace(BEFORE, '').trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  const record = jsonObject(text)
  return record && readRecord(record)
}

/** Reads a record; undefined if it has no count or no metric. */
export function readRecord(record: Readonly<Record<string, unknown>>): LogRecord | undefined {
  const reading = recordOfPairs(flatFields(record), splitOf(record))
  const saved = SAVED.map((name) => ownValue(record, name)).find((path) => typeof path === 'string')
  return reading && saved !== undefined ? { ...reading, saved } : reading
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
