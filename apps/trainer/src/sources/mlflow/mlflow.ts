import { dirname, join } from 'node:path'
import { setOwn, type TrainingEvent } from '@bestmark/core'
import { numberIn } from '../../files/csv.ts'
import { Listing } from '../../files/listing.ts'
import { textOfFile } from '../../files/runFile.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { type Point, type TrackedRun, trackedEvents } from '../trackers/trackedRun.ts'

/** A run in MLflow's file store: one file per metric with time, value and step. */
export const MLFLOW: Source = {
  name: 'mlflow',
  isHere: async (listing) => {
    const names = listing.names()
    const isRun = names.includes('meta.yaml') && names.includes('metrics')
    return isRun && (await listing.head('meta.yaml')).includes('run_id')
  },
  files,
  open: (options) => new WholeReader({ files, events: eventsIn }, options),
  identity,
}

async function files(listing: Listing): Promise<string[]> {
  return ['meta.yaml', ...(await filesBelow(listing, 'metrics'))]
}

/** Finds files at any depth: slashes in a metric's name are folders. */
async function filesBelow(listing: Listing, folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of listing.names(folder)) {
    const path = `${folder}/${name}`
    const inner = await filesBelow(listing, path)
    found.push(...(inner.length > 0 ? inner : [path]))
  }
  return found
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const metrics = await filesBelow(listing, 'metrics')
  const points = (await Promise.all(metrics.map((file) => pointsIn(root, file)))).flat()
  const config: Record<string, unknown> = {}
  for (const file of await filesBelow(listing, 'params')) {
    setOwn(config, file.slice('params/'.length), (await listing.head(file)).trim())
  }
  const meta = await listing.head('meta.yaml')
  const times = { started_at: timeIn(meta, 'start_time'), ended_at: timeIn(meta, 'end_time') }
  const status = statusIn(meta) ?? (isOver ? 'stopped' : null)
  return trackedEvents(root, { config, ...times, status, points })
}

async function pointsIn(root: string, file: string): Promise<Point[]> {
  const text = await textOfFile(join(root, file))
  const name = file.slice('metrics/'.length)
  return text.split('\n').flatMap((row, index): Point[] => {
    const [at = '', value = '', step = '0'] = row.trim().split(' ')
    const number = numberIn(value)
    if (number === undefined) return []
    return [
      {
        step: Number(step),
        epoch: null,
        at: Number(at),
        name,
        value: number,
        line: index + 1,
        file,
      },
    ]
  })
}

function timeIn(meta: string, name: string): number | null {
  const time = new RegExp(`^${name}: (\\d+)$`, 'm').exec(meta)?.[1]
  return time === undefined ? null : Number(time)
}

/** MLflow's status of a run: 3 finished, 4 failed, 5 killed. */
function statusIn(meta: string): TrackedRun['status'] {
  const state = /^status: (\d)$/m.exec(meta)?.[1]
  return state === '3' ? 'completed' : state === '4' ? 'failed' : state === '5' ? 'stopped' : null
}

/** The names of the run and its experiment. The name of a run may be in quotes. */
async function identity(root: string) {
  const nameIn = (text: string, field: string): string | undefined => {
    return new RegExp(`^${field}: '?(.+?)'?$`, 'm').exec(text)?.[1]
  }
  const name = nameIn(await new Listing(root).head('meta.yaml'), 'run_name')
  const project = nameIn(await new Listing(dirname(root)).head('meta.yaml'), 'name')
  return { ...(name !== undefined && { name }), ...(project !== undefined && { project }) }
}
