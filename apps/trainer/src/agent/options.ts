import { type JobState, PATIENCE, type Patience } from '@bestmark/core'
import { Failure } from '../failure.ts'

/** The states of runs that are expected to grow. */
export const ACTIVE_STATES: readonly JobState[] = ['starting', 'running', 'stopping']

/** How often an agent looks, and how long it waits (ms). */
export interface Pace {
  /** Between two looks for work. */
  round: number
  /** Between two looks for runs that have fallen silent. */
  listen: number
  /** After the files of every job were looked at. */
  rest: number
  /** How long a child may take to say which process it is. */
  starting: number
}

/** How an agent works; a machine's owner may tell it all but the pace. */
export interface AgentOptions {
  /** How long a run may be silent before it is called lost. */
  patience: Patience
  /** How many bytes of checkpoints may be read a second for their digests; 0 for none. */
  digestRate: number
  pace: Pace
}

const PACE: Pace = { round: 300, listen: 5_000, rest: 3_000, starting: 10_000 }

export const AGENT_OPTIONS: AgentOptions = { patience: PATIENCE, digestRate: 50e6, pace: PACE }

/**
 * Settings from BESTMARK_LOST_AFTER (times a run's own cadence) and BESTMARK_DIGEST_RATE (MB a
 * second). Throws a Failure where one is no such number.
 */
export function agentOptions(env: NodeJS.ProcessEnv = process.env): AgentOptions {
  const { patience, digestRate } = AGENT_OPTIONS
  const factor = numberOf(env, 'BESTMARK_LOST_AFTER', patience.factor, 1)
  const rate = numberOf(env, 'BESTMARK_DIGEST_RATE', digestRate / 1e6, 0)
  return { ...AGENT_OPTIONS, patience: { ...patience, factor }, digestRate: rate * 1e6 }
}

function numberOf(env: NodeJS.ProcessEnv, name: string, usual: number, least: number): number {
  const text = env[name]
  if (text === undefined || text.trim() === '') return usual
  const number = Number(text)
  if (Number.isFinite(number) && number >= least) return number
  throw new Failure(`${name} takes a number from ${least}, not "${text}".`)
}
