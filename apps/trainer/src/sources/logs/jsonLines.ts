import { jsonObject } from '../../files/json.ts'
import { type LogReading, readingOf } from './reading.ts'

/** COCO's evaluation as DETR logs it: twelve numbers, of which the first is the average precision. */
const COCO = /coco_eval/
/** fairseq puts the split before the object: `[…][valid][INFO] - {…}`. */
const BEFORE = /^\[[^\]]*\](?:\[[^\]]*\])* - (?=\{)|^[^{|]*\| INFO \| \w+ \| (?=\{)/

/** What a line that is a JSON object measured; undefined where it is none. */
export function jsonReading(line: string): LogReading | undefined {
  const text = line.replace(BEFORE, '').trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  const said = jsonObject(text)
  return said && readingOf(flat(said))
}

/** Objects in it by their paths, one level deep; numbers may stand in quotes. */
function flat(said: Record<string, unknown>): [name: string, value: unknown][] {
  return Object.entries(said).flatMap(([name, value]): [string, unknown][] => {
    if (Array.isArray(value)) return COCO.test(name) ? [[`${name}/AP`, value[0]]] : []
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).map(([inner, one]) => [`${name}/${inner}`, numberOf(one)])
    }
    return [[name, numberOf(value)]]
  })
}

function numberOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return Number.isNaN(number) && !/^nan$/i.test(value.trim()) ? undefined : number
}
