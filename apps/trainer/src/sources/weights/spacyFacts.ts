import { join } from 'node:path'
import { isFiniteMeasure, readMeasured, setOwn } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { textOfFile } from '../../files/runFile.ts'
import type { Facts } from './facts.ts'

const LARGEST = 4 << 20
const WEIGHTS = /\[training\.score_weights\]([^[]*)/

/**
 * What spaCy measured of a pipeline (`performance` in its meta.json), and the score that it keeps the
 * best by: the sum of measures by `training.score_weights`. Nothing for any other folder.
 */
export async function readSpacyFacts(root: string, path: string): Promise<Partial<Facts>> {
  const config = await textOf(join(root, path, 'config.cfg'))
  const meta = config === undefined ? undefined : await textOf(join(root, path, 'meta.json'))
  const performance = jsonObject(meta ?? '')?.['performance']
  if (config === undefined || typeof performance !== 'object' || performance === null) return {}
  const values: Record<string, number> = {}
  for (const [name, said] of Object.entries(performance)) {
    const value = readMeasured(said)
    if (isFiniteMeasure(value) && !name.endsWith('_loss')) setOwn(values, `eval_${name}`, value)
  }
  const weights = weightsIn(config)
  const [only] = weights
  const metric = only && weights.length === 1 ? `eval_${only[0]}` : 'eval_score'
  const parts = weights.map(([name, weight]) => (values[`eval_${name}`] ?? NaN) * weight)
  if (weights.length > 1) values['eval_score'] = parts.reduce((sum, one) => sum + one, 0)
  const by = `training.score_weights in ${path}/config.cfg`
  const monitor = { metric, mode: 'max', by, scores: new Map<string, number>() } as const
  return { values, monitor, file: `${path}/meta.json` }
}

function weightsIn(config: string): [name: string, weight: number][] {
  const lines = WEIGHTS.exec(config)?.[1]?.split('\n') ?? []
  return lines.flatMap((line): [string, number][] => {
    const [name = '', said = ''] = line.split('=').map((part) => part.trim())
    const weight = Number(said)
    return said !== '' && Number.isFinite(weight) && weight !== 0 ? [[name, weight]] : []
  })
}

async function textOf(path: string): Promise<string | undefined> {
  // What is not there, or no file, is no pipeline of spaCy.
  return textOfFile(path, LARGEST).catch(() => undefined)
}
