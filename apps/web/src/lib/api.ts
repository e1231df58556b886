import type { AppRouter, RouterInputs, RouterOutputs } from '@bestmark/api'
import { BATCH, fitsAddress, wire } from '@bestmark/core'
import { createTRPCClient, httpBatchLink, httpLink, splitLink } from '@trpc/client'

export type JobPage = RouterOutputs['jobs']['list']
export type JobCells = JobPage['cells']
export type ColumnChoice = RouterOutputs['jobs']['columns']['choices'][number]
export type SavedView = RouterOutputs['views']['list'][number]
export type AlertRule = RouterOutputs['alerts']['rules']['list'][number]
export type AlertRuleInput = RouterInputs['alerts']['rules']['save']
export type AlertMessage = RouterOutputs['alerts']['list'][number]
export type ApiToken = RouterOutputs['access']['tokens'][number]
export type AuditEntry = RouterOutputs['access']['audit'][number]
export type ListedPerson = RouterOutputs['people']['list'][number]
export type OpenInvitation = RouterOutputs['people']['invitations'][number]
export type Curve = JobPage['curves'][string]
export type JobDetail = RouterOutputs['jobs']['detail']
export type ComparedJobs = RouterOutputs['jobs']['compare']
export type FullDisk = RouterOutputs['hosts']['fullDisks'][number]
export type LogLine = RouterOutputs['jobs']['logs']['lines'][number]
export type HistoryEntry = RouterOutputs['jobs']['history'][number]
export type Sample = RouterOutputs['samples']['list']['samples'][number]
export type SamplePair = RouterOutputs['samples']['pair']
export type NamedSeries = RouterOutputs['series']['read'][number]
export type SeriesName = RouterOutputs['series']['names'][number]
export type CheckpointList = RouterOutputs['checkpoints']['list']
export type CheckpointRow = CheckpointList['checkpoints'][number]
export type CheckpointMark = CheckpointList['marks'][number]
export type PolicyChange = RouterOutputs['policies']['history'][number]
export type Model = RouterOutputs['models']['list'][number]
export type LiveModel = Model['live'][number]
export type Recipe = RouterOutputs['recipes']['list'][number]
export type RunOrder = RouterOutputs['recipes']['orders'][number]
export type HostTarget = RouterOutputs['hosts']['targets'][number]
export type ShippingAdvice = NonNullable<RouterOutputs['deployments']['advice']>
export type Deployment = RouterOutputs['deployments']['list']['deployments'][number]

const url = '/trpc'
/** Procedures that may take seconds; a search through the output is one. */
const SLOW = new Set(['backtest.run', 'jobs.logs'])

/** The procedures that a page calls. Live messages come through `watch/`. */
export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      // A slow call is sent alone: a batch is answered only when its last part is.
      condition: ({ path }) => SLOW.has(path),
      true: httpLink({ url, transformer: wire }),
      false: splitLink({
        condition: ({ type, input }) => type === 'query' && !fitsAddress(input),
        true: httpLink({ url, transformer: wire, methodOverride: 'POST' }),
        false: httpBatchLink({ ...BATCH, url, transformer: wire }),
      }),
    }),
  ],
})

/** What changed of a job since the last message. */
export type Delta =
  RouterOutputs['watch'] extends AsyncIterable<{ data: infer Message }> ? Message : never
export type SeriesDelta = Delta['series'][number]
