import { numberIn } from '../../files/csv.ts'
import { type LogRecord, recordOfPairs } from './logRecord.ts'

/** `3<tab>epoch=0<tab>perplexity-val=12.5`: the number of a checkpoint, then its values. */
const ROW = /^(\d{1,9})((?:\t[\w./-]+=[^\t=]*){2,})$/

/** Reads a row of Sockeye's file `metrics`, which has one row per checkpoint. */
export function readCheckpointRow(text: string): LogRecord | undefined {
  const [, checkpoint, fields] = ROW.exec(text) ?? []
  if (checkpoint === undefined || fields === undefined) return undefined
  const pairs = fields.split('\t').flatMap((field): [string, number][] => {
    const [name = '', value] = field.split('=')
    // The others are `True`, `False` or `None`.
    const number = numberIn(value)
    return number === undefined ? [] : [[name, number]]
  })
  return recordOfPairs([['step', Number(checkpoint)], ...pairs])
}
