import { join } from 'node:path'
import { isFiniteMeasure, readMeasured, setOwn } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { textOfFile } from '../../files/runFile.ts'
import type { Facts } from './facts.ts'

const LARGEST = 4 << 20
const COEFFICIENTS = /\[training\.score_weights\]([^[]*)/

/**
 * Reads spaCy's metrics of a pipeline (`performance` in meta.json) and the score that decides: the sum
 * of metrics weighted by `training.score_weights`. Empty for any other folder.
 */
export async function readSpacyFacts(root: string, path: string): Promise<Partial<Facts>> {
  const config = await textOf(join(root, path, 'config.cfg'))
  const meta = config === undefined ? undefined : await textOf(join(root, path, 'meta.json'))
  const performance = jsonObject(meta ?? '')?.['performance']
  if (config === undefined || typeof performance !== 'object' || performance === null) return {}
  const values: Record<string, number> = {}
  for (const [name, field] of Object.entries(performance)) {
    const value = readMeasured(field)
    if (isFiniteMeasure(value) && !name.endsWith('_loss')) setOwn(values, `eval_${name}`, value)
  }
  const coefficients = readCoefficients(config)
  const [only] = coefficients
  const metric = only && coefficients.length === 1 ? `eval_${only[0]}` : 'eval_score'
  const parts = coefficients.map(([name, one]) => (values[`eval_${name}`] ?? NaN) * one)
  if (coefficients.length > 1) values['eval_score'] = parts.reduce((sum, one) => sum + one, 0)
  const monitor = {
    metric,
    mode: 'max',
    declared_in: 'score_weights',
    scores: new Map<string, number>(),
  } as const
  return { values, monitor, file: `${path}/meta.json` }
}

function readCoefficients(config: string): [name: string, coefficient: number][] {
  const lines = COEFFICIENTS.exec(config)?.[1]?.split('\n') ?? []
  return lines.flatMap((line): [string, number][] => {
    const [name = '', text = ''] = line.split('=').map((part) => part.trim())
    const coefficient = Number(text)
    const isUsed = text !== '' && Number.isFinite(coefficient) && coefficient !== 0
    return isUsed ? [[name, coefficient]] : []
  })
}

async function textOf(path: string): Promise<string | undefined> {
  // Without this file the folder is not a spaCy pipeline.
  return textOfFile(path, LARGEST).catch(() => undefined)
}
