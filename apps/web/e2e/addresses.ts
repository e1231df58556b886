import { randomUUID } from 'node:crypto'
import { includesScope, INGEST, type Scope, type TokenScope } from '@bestmark/core'

/** The project of the runs. */
export const PROJECT = 'char-lm'

/** Nobody needs an account to reach these, where people sign in. */
type Needs = Scope | 'nothing' | typeof INGEST

/** Whether a caller may: who may write may also send journals. */
export function mayReach(held: TokenScope | undefined, needs: Needs): boolean {
  if (needs === 'nothing') return true
  if (!held) return false
  return needs === INGEST
    ? held === INGEST || includesScope(held, 'write')
    : includesScope(held, needs)
}

/** What a caller who may gets: the same on both boards, or one answer on each. */
export type Answer = number | { link: number; accounts: number }

/** Pages of accounts are not there where the link opens the board. */
const withAccounts = (accounts: number): Answer => ({ link: 404, accounts })

/** An address of each page and route, its status for a caller who may, and what that caller needs. */
export const ADDRESSES: Record<string, (job: string) => [address: string, Answer, needs?: Needs]> =
  {
    '/access': () => ['/access', 200, 'admin'],
    '/recipes': () => ['/recipes', 200],
    '/': () => ['/', 200],
    '/account': () => ['/account', withAccounts(200)],
    '/alerts': () => ['/alerts', 200],
    '/api/v1/[...path]': () => ['/api/v1/jobs', 200],
    '/api/v1/openapi.json': () => ['/api/v1/openapi.json', 200],
    '/backtest': () => ['/backtest', 200],
    '/backtest/download': () => ['/backtest/download', 400],
    '/compare': (job) => [`/compare?jobs=${job}`, 200],
    '/compare/report': (job) => [`/compare/report?jobs=${job}`, 200],
    '/compare/report.[format]': (job) => [`/compare/report.md?jobs=${job}`, 200],
    // These jobs are recorded from files, so nothing is sent to them.
    '/ingest/v1/jobs/[id]/journal': (job) => [`/ingest/v1/jobs/${job}/journal`, 409, INGEST],
    '/ingest/v1/jobs/[id]/scores': (job) => [`/ingest/v1/jobs/${job}/scores`, 409, INGEST],
    '/ingest/v1/jobs/[id]/samples': (job) => [`/ingest/v1/jobs/${job}/samples`, 409, INGEST],
    '/ingest/v1/jobs/[id]/samples/[sample]': (job) => [
      `/ingest/v1/jobs/${job}/samples/${randomUUID()}`,
      409,
      INGEST,
    ],
    '/jobs': () => ['/jobs', 308],
    '/jobs/[id]': (job) => [`/jobs/${job}`, 200],
    '/jobs/[id]/report': (job) => [`/jobs/${job}/report`, 200],
    '/jobs/[id]/report.[format]': (job) => [`/jobs/${job}/report.md`, 200],
    '/jobs/[id]/samples/[sample]': (job) => [`/jobs/${job}/samples/${randomUUID()}`, 404],
    '/join': () => ['/join', withAccounts(200), 'nothing'],
    '/models': () => ['/models', 200],
    '/models/download': () => ['/models/download?format=csv', 200],
    '/sign-in': () => ['/sign-in', withAccounts(200), 'nothing'],
    // This board has no provider.
    '/sign-in/callback/[provider]': () => ['/sign-in/callback/oidc', 404, 'nothing'],
    '/sign-in/provider': () => ['/sign-in/provider', 404, 'nothing'],
    '/trpc/[...procedure]': () => ['/trpc/jobs.list', 200],
  }
