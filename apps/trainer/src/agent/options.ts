import { type JobState, PATIENCE, type Patience } from '@bestmark/core'
import { Failure } from '../failure.ts'

/** The states of runs that may still write lines. */
export const ACTIVE_STATES: readonly JobState[] = ['starting', 'running', 'stopping']

/** How often an agent works, and how long it waits (ms). */
export interface Pace {
  /** Between two looks at all that the database may tell, in case that news of it was missed. */
  backstop: number
  /** The least time between two steps of a kind of work. */
  round: number
  /** Between two searches for silent runs. */
  silence: number
  /** The shortest time between two looks at the files of a job. */
  rest: number
  /** How long a child process may take to write its mark. */
  starting: number
}

/** How an agent works. Environment variables set all options except the pace. */
export interface AgentOptions {
  /** How long a run without a known process may be silent before it is ended. */
  patience: Patience
  /** How many bytes of checkpoints are read per second for digests; 0 takes no digests. */
  digestRate: number
  pace: Pace
}

const PACE: Pace = {
  backstop: 30_000,
  round: 300,
  silence: 5_000,
  rest: 3_000,
  starting: 10_000,
}

/** The connections of an agent's queries. It listens on one more. */
export const AGENT_CONNECTIONS = 2

export const AGENT_OPTIONS: AgentOptions = { patience: PATIENCE, digestRate: 50e6, pace: PACE }

/**
 * Options from BESTMARK_LOST_AFTER (times the usual time between a run's log lines) and
 * BESTMARK_DIGEST_RATE (MB per second). Throws a Failure if a value is invalid.
 */
export function agentOptions(env: NodeJS.ProcessEnv = process.env): AgentOptions {
  const { patience, digestRate } = AGENT_OPTIONS
  const factor = numberOf(env, 'BESTMARK_LOST_AFTER', patience.factor, 1)
  const rate = numberOf(env, 'BESTMARK_DIGEST_RATE', digestRate / 1e6, 0)
  return { ...AGENT_OPTIONS, patience: { ...patience, factor }, digestRate: rate * 1e6 }
}

function numberOf(env: NodeJS.ProcessEnv, name: string, byDefault: number, least: number): number {
  const text = env[name]
  if (text === undefined || text.trim() === '') return byDefault
  const number = Number(text)
  if (Number.isFinite(number) && number >= least) return number
  throw new Failure(`${name} must be ${least} or more; got "${text}".`)
}
