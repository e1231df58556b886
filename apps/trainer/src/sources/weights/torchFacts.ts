import { basename } from 'node:path'
import { setOwn } from '@bestmark/core'
import { Tensor } from '../../checkpoints/weights/plainValues.ts'
import type { TorchArchive } from '../../checkpoints/weights/torchArchive.ts'
import { type Facts, factsIn } from './facts.ts'
import { readFairseqFacts } from './fairseqFacts.ts'

type TorchFacts = Pick<
  Facts,
  | 'epoch'
  | 'step'
  | 'other_step'
  | 'values'
  | 'monitor'
  | 'best_path'
  | 'best_fitness'
  | 'version'
  | 'isLightning'
>

/** Facts in a torch file: Lightning's callbacks, mmengine's meta, fields of Ultralytics and timm. */
export async function readTorchFacts(archive: TorchArchive): Promise<Partial<TorchFacts>> {
  const { value } = archive
  if (!(value instanceof Map)) return {}
  const plain = await readPlainValues(value, archive)
  const nested = ['meta', 'extra_state', 'message_hub', 'train_metrics', 'metrics', 'model_loss']
  for (const name of nested) {
    const inner: unknown = value.get(name)
    if (inner instanceof Map)
      Object.assign(plain, { ...(await readPlainValues(inner, archive)), ...plain })
  }
  const facts = factsIn(plain)
  const metrics: unknown = value.get('train_metrics')
  if (metrics instanceof Map)
    Object.assign(facts.values, factsIn(await readPlainValues(metrics, archive)).values)
  const [version, best_fitness] = [plain['version'], plain['best_fitness']]
  const isLightning = value.has('pytorch-lightning_version')
  return {
    ...facts,
    isLightning,
    ...readFairseqFacts(value, facts.values),
    ...(await readLightningFacts(value, archive)),
    ...(typeof version === 'string' && { version }),
    ...(typeof best_fitness === 'number' && { best_fitness }),
  }
}

/** The numbers and texts directly in a dictionary, and tensors with one element. */
async function readPlainValues(
  fields: ReadonlyMap<unknown, unknown>,
  archive: TorchArchive,
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of fields) {
    if (typeof name !== 'string') continue
    if (typeof value === 'number' || typeof value === 'string') setOwn(found, name, value)
    else if (value instanceof Tensor && value.shape.length === 0) {
      const number = await archive.scalar(value)
      if (number !== undefined) setOwn(found, name, number)
    }
  }
  return found
}

/** Lightning's first ModelCheckpoint that monitors a metric. */
async function readLightningFacts(
  fields: ReadonlyMap<unknown, unknown>,
  archive: TorchArchive,
): Promise<Partial<TorchFacts>> {
  const callbacks: unknown = fields.get('callbacks')
  if (!(callbacks instanceof Map)) return {}
  for (const [name, state] of callbacks as ReadonlyMap<unknown, unknown>) {
    const monitor: unknown = state instanceof Map ? state.get('monitor') : undefined
    if (!(state instanceof Map) || typeof monitor !== 'string') continue
    const mode = /'mode': '(min|max)'/.exec(String(name))?.[1]
    const scores = await scoresOf(state.get('best_k_models'), archive)
    const best_path: unknown = state.get('best_model_path')
    const score = await numberOf(state.get('current_score'), archive)
    return {
      monitor: {
        metric: monitor,
        mode: mode === 'min' || mode === 'max' ? mode : null,
        declared_in: 'callback_state',
        scores,
      },
      best_path: typeof best_path === 'string' && best_path !== '' ? best_path : null,
      values: score === undefined || Number.isNaN(score) ? {} : { [monitor]: score },
    }
  }
  return {}
}

async function scoresOf(kept: unknown, archive: TorchArchive): Promise<Map<string, number>> {
  const scores = new Map<string, number>()
  if (!(kept instanceof Map)) return scores
  for (const [path, score] of kept as ReadonlyMap<unknown, unknown>) {
    const value = await numberOf(score, archive)
    if (typeof path === 'string' && value !== undefined) {
      scores.set(basename(path.replaceAll('\\', '/')), value)
    }
  }
  return scores
}

async function numberOf(value: unknown, archive: TorchArchive): Promise<number | undefined> {
  if (value instanceof Tensor) return archive.scalar(value)
  return typeof value === 'number' ? value : undefined
}
