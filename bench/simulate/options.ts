import { parseArgs } from 'node:util'

/** What is simulated. */
export interface Simulation {
  hosts: number
  /** Runs per host. */
  runs: number
  /** Points per second of each run; 0 for runs that are open and silent. */
  rate: number
  /** How long it is measured, and how long agents may settle before. */
  seconds: number
  settle: number
  /** Whether the statements that took the most time of the database are printed. */
  statements: boolean
}

const DEFAULT: Simulation = {
  hosts: 1,
  runs: 400,
  rate: 2,
  seconds: 60,
  settle: 20,
  statements: false,
}

/** An agent looks at the files of each run once, three runs per second. */
const FIRST_LOOKS = 400

/** The rows of the table in docs/operations.md. */
const TABLE: readonly Partial<Simulation>[] = [
  { runs: 0, rate: 0 },
  { runs: 1_000, rate: 0, settle: FIRST_LOOKS },
  { runs: 1 },
  {},
  { hosts: 4, runs: 100 },
]

/** What the words ask for: one simulation, or without a word all those of the documentation. */
export function simulationsOf(words: readonly string[]): Simulation[] {
  if (words.length === 0) return TABLE.map((row) => ({ ...DEFAULT, ...row }))
  const number = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...words],
    options: {
      ...{ hosts: number, runs: number, rate: number, seconds: number, settle: number },
      statements: { type: 'boolean', default: DEFAULT.statements },
    },
  })
  const valueOf = (name: Exclude<keyof Simulation, 'statements'>, least: number): number => {
    const value = Number(values[name] ?? DEFAULT[name])
    if (value >= least) return value
    throw new Error(`--${name} must be ${least} or more; got "${values[name]}".`)
  }
  return [
    {
      hosts: valueOf('hosts', 1),
      runs: valueOf('runs', 0),
      rate: valueOf('rate', 0),
      seconds: valueOf('seconds', 1),
      settle: valueOf('settle', 0),
      statements: values.statements,
    },
  ]
}
