import { ownValue } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { type LogRecord, recordOfPairs } from './logRecord.ts'

/** DETR logs COCO's evaluation as twelve numbers. The first is the average precision. */
const COCO = /coco_eval/
/** fairseq writes a prefix before the object: `[…][valid][INFO] - {…}`. */
const BEFORE = /^\[[^\]]*\](?:\[[^\]]*\])* - (?=\{)|^[^{|]*\| INFO \| \w+ \| (?=\{)/
/** Fields with the split of a record. */
const SPLITS = ['mode', 'split', 'phase', 'stage', 'type', 'event', 'subset']
const HELD_OUT = /^(eval|evaluate|evaluation|val|valid|validate|validation|dev|test)$/i
/** Fields whose names are not part of the metrics in them. */
const HOLDERS = /^(data|metrics|scalars|values|logs|results)$/
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

/** Flattens nested objects by one level. Numbers may be in quotes. */
export function flatFields(
  record: Readonly<Record<string, unknown>>,
): [name: string, value: unknown][] {
  return Object.entries(record).flatMap(([name, value]): [string, unknown][] => {
    if (Array.isArray(value)) return COCO.test(name) ? [[`${name}/AP`, value[0]]] : []
    if (typeof value === 'object' && value !== null) {
      const before = HOLDERS.test(name) ? '' : `${name}/`
      return Object.entries(value).map(([inner, one]) => [`${before}${inner}`, numberOf(one)])
    }
    return [[name, numberOf(value)]]
  })
}

function numberOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return Number.isNaN(number) && !/^nan$/i.test(value.trim()) ? undefined : number
}
