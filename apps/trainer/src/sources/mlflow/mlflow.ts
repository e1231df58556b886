import { join } from 'node:path'
import { type Measured, setOwn, type TrainingEvent } from '@bestmark/core'
import { numberIn } from '../../files/csv.ts'
import type { Listing } from '../../files/folder.ts'
import { textOfFile } from '../../files/runFile.ts'
import { admitAll } from '../../journal/gate.ts'
import { beginning } from '../events/attempts.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/events.ts'
import { heldOutName, isHeldOut, trainingLossAmong } from '../events/names.ts'
import { savedEvents } from '../events/savedFiles.ts'
import { Listing as Folder } from '../../files/folder.ts'
import type { Opening, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { noHistory, remember } from '../weights/history.ts'
import { savedWeights } from '../weights/saved.ts'

/** A run in MLflow's file store: a file a metric with time, value and step, and its artifacts. */
export const MLFLOW: Source = {
  name: 'mlflow',
  isHere: async (listing) => {
    const names = await listing.names()
    const isRun = names.includes('meta.yaml') && names.includes('metrics')
    return isRun && (await listing.head('meta.yaml')).includes('run_id')
  },
  files,
  open: (opening) => new WholeReader({ files, events: eventsIn }, opening),
}

async function files(listing: Listing): Promise<string[]> {
  return ['meta.yaml', ...(await filesBelow(listing, 'metrics'))]
}

/** A metric's name may have slashes, which are folders. */
async function filesBelow(listing: Listing, folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await listing.names(folder)) {
    const path = `${folder}/${name}`
    const inner = await filesBelow(listing, path)
    found.push(...(inner.length > 0 ? inner : [path]))
  }
  return found
}

interface Point {
  step: number
  at: number
  name: string
  value: Measured
  line: number
  file: string
}

async function eventsIn({ root, isOver }: Opening): Promise<TrainingEvent[]> {
  const listing = new Folder(root)
  const metrics = await filesBelow(listing, 'metrics')
  const points = (await Promise.all(metrics.map((file) => pointsIn(root, file)))).flat()
  const config: Record<string, unknown> = {}
  for (const file of await filesBelow(listing, 'params')) {
    setOwn(config, file.slice('params/'.length), (await listing.head(file)).trim())
  }
  const meta = await listing.head('meta.yaml')
  const measured = admitAll(measuredIn(points), 'metrics')
  const history = noHistory()
  remember(history, measured)
  const axis = { isEpochs: false, shift: 0 } as const
  const saved = await savedWeights(listing, history, axis, { metric: null, total_epochs: null })
  const events = [
    startedEvent({ config, at: timeIn(meta, 'start_time') }),
    ...measured,
    ...(await savedEvents(root, saved, {}, beginning())),
    ...endOf(meta, isOver),
  ]
  return admitAll(events, 'metrics')
}

async function pointsIn(root: string, file: string): Promise<Point[]> {
  const text = await textOfFile(join(root, file))
  const name = file.slice('metrics/'.length)
  return text.split('\n').flatMap((row, index): Point[] => {
    const [at = '', value = '', step = '0'] = row.trim().split(' ')
    const number = numberIn(value)
    if (number === undefined) return []
    return [{ step: Number(step), at: Number(at), name, value: number, line: index + 1, file }]
  })
}

/** The points of one step together, in order of their steps. */
function measuredIn(points: readonly Point[]): TrainingEvent[] {
  const loss = trainingLossAmong([...new Set(points.map(({ name }) => name))])
  const steps = Map.groupBy(points, ({ step }) => step)
  return [...steps]
    .sort(([a], [b]) => a - b)
    .flatMap(([step, here]) => {
      const at = here[0]?.at ?? null
      return here.flatMap(({ name, value, file, line }) => {
        const isOut = isHeldOut(name)
        const values = { [isOut ? heldOutName(name) : name === loss ? 'loss' : name]: value }
        const kinds = { metrics: isOut ? {} : values, evaluation: isOut ? values : {} }
        return measuredEvents({ attempt: 0, step, epoch: null, at }, kinds, { file, line })
      })
    })
}

function timeIn(meta: string, name: string): number | null {
  const time = new RegExp(`^${name}: (\\d+)$`, 'm').exec(meta)?.[1]
  return time === undefined ? null : Number(time)
}

/** MLflow's states of a run: 3 finished, 4 failed, 5 killed. */
function endOf(meta: string, isOver: boolean): TrainingEvent[] {
  const state = /^status: (\d)$/m.exec(meta)?.[1]
  const status =
    state === '3' ? 'completed' : state === '4' ? 'failed' : state === '5' ? 'stopped' : null
  const at = timeIn(meta, 'end_time')
  if (status !== null) return [{ ...endedEvent(0, status), at }]
  return isOver ? [endedEvent(0, 'stopped')] : []
}
