import type { LogLine } from '../api.ts'

/** How many lines are read of a job, and again of each level that must not be lost among others. */
export const NEWEST = 500
const KEPT = ['sample', 'error', 'warning'] as const

/** Lines of a job's log, oldest first. */
export interface JobLogs {
  lines: LogLine[]
  /** Whether there are, or may be, older lines than these. */
  cut: boolean
}

type Read = (query: { level?: (typeof KEPT)[number]; limit: number }) => Promise<LogLine[]>

/** Reads the newest lines, and the newest samples, errors and warnings however old they are. */
export async function readLogs(read: Read): Promise<JobLogs> {
  const [newest, ...kept] = await Promise.all([
    read({ limit: NEWEST }),
    ...KEPT.map((level) => read({ level, limit: NEWEST })),
  ])
  const lines = new Map([newest, ...kept].flat().map((line) => [line.ordinal, line]))
  return {
    lines: [...lines.values()].sort((a, b) => a.ordinal - b.ordinal),
    cut: newest.length >= NEWEST,
  }
}
