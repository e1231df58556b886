import type { BetterCheckpoint } from '@bestmark/core'
import type { Database } from '../connection/client.ts'
import { liveDeployments } from '../deployments/deployments.ts'
import type { Tx } from '../rows/job.ts'
import { snapshot } from '../rows/snapshot.ts'
import { betterCheckpoint } from './better.ts'
import { type ModelCheck, lastCheck } from './checks.ts'
import { isPlayground, lastPrompt, type Prompt } from './prompts.ts'
import { ledger, type LedgerEntry, liveBefore, modelNames } from './ledger.ts'

/** What is live under a model name on one host. */
export interface LiveModel {
  entry: LedgerEntry
  /** What a roll back would make live; null if nothing else was live there. */
  before: LedgerEntry | null
  /** A checkpoint that is better and can be compared; null if there is none. */
  better: BetterCheckpoint | null
  /** The last order to compare its files with the ledger. */
  check: ModelCheck | null
  /** Null if it cannot write after a prompt. */
  playground: { prompt: Prompt | null } | null
}

/** A model name: what is live on each host, and the history of the name. */
export interface Model {
  model_name: string
  live: LiveModel[]
  /** Entries of the ledger, newest first. */
  history: LedgerEntry[]
}

/** As many names are listed, and as many entries of each. */
const MOST = { names: 100, history: 20 }

/** All models, the last ordered first, with the newest entries of each. */
export async function listModels(db: Database): Promise<Model[]> {
  return snapshot(db, async (tx) => {
    const models: Model[] = []
    for (const name of await modelNames({ orm: tx }, MOST.names)) {
      models.push(await modelIn(tx, name, MOST.history))
    }
    return models
  })
}

/** One model with at most `limit` entries; undefined if nothing was ordered under this name. */
export async function modelNamed(
  db: Database,
  model_name: string,
  limit = 1_000,
): Promise<Model | undefined> {
  return snapshot(db, async (tx) => {
    const model = await modelIn(tx, model_name, limit)
    return model.history.length > 0 ? model : undefined
  })
}

async function modelIn(tx: Tx, model_name: string, limit: number): Promise<Model> {
  const orm = { orm: tx }
  const history = await ledger(orm, { model_name, limit })
  const ids = (await liveDeployments(orm, { model_name })).map((one) => one.deployment_id)
  const entries =
    ids.length > 0 ? await ledger(orm, { deployment_ids: ids, limit: ids.length }) : []
  const live: LiveModel[] = []
  for (const entry of entries) {
    live.push({
      entry,
      before: (await liveBefore(orm, entry)) ?? null,
      better: await betterCheckpoint(tx, entry),
      check: (await lastCheck(tx, entry)) ?? null,
      playground: await playgroundOf(tx, entry),
    })
  }
  return { model_name, live, history }
}

async function playgroundOf(tx: Tx, entry: LedgerEntry): Promise<LiveModel['playground']> {
  if (!(await isPlayground(tx, entry))) return null
  return { prompt: (await lastPrompt(tx, entry)) ?? null }
}
