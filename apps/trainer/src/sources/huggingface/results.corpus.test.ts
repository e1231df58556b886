import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { publicRows } from '../../testing.ts'
import { Listing } from '../../files/listing.ts'
import { readResults, findResultsFiles } from './resultsFiles.ts'
import { readRun } from '../readRun.ts'
import { readTrainerState } from './trainerState.ts'

const corpus = process.env['BESTMARK_CORPUS'] ?? ''
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

/** The rows of one format, with their folder in the repository. */
async function byFolder(format: string) {
  const rows = await publicRows(corpus, format)
  return rows.map((row) => {
    const folder = `${row['repo']}/${dirname(row['path']!)}`
    return { folder, file: row['path']!.split('/').at(-1)!, saved: join(corpus, row['saved_as']!) }
  })
}

test.skipIf(!corpus)(
  `the steps of a public run are among those that its runtime and rate allow${why}`,
  async () => {
    const states = await byFolder('trainer_state')
    let exact = 0
    for (const { folder, saved } of await byFolder('hf_results_json')) {
      const root = dirname(saved)
      const results = await readResults(root, await findResultsFiles(new Listing(root)))
      const beside = states.find(
        (one) => one.folder === folder || one.folder.startsWith(`${folder}/`),
      )
      if (!beside || !results.steps) continue
      const { max_steps } = await readTrainerState(beside.saved)
      const [fewest, most] = results.steps
      expect(max_steps).toBeGreaterThanOrEqual(fewest)
      expect(max_steps).toBeLessThanOrEqual(most)
      if (fewest === most) exact++
    }
    expect(exact).toBeGreaterThan(0)
  },
)

test.skipIf(!corpus)(
  `a public folder of results is a completed run with the evaluation in its file${why}`,
  async () => {
    for (const { file, saved } of await byFolder('hf_results_json')) {
      const { source, events } = await readRun(dirname(saved))
      expect(source).toBe('huggingface_results')
      expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'completed' })
      const evaluations = events.filter(({ type }) => type === 'evaluation')
      const results = await readResults(dirname(saved), [file])
      const isPlaced = results.steps !== null && Object.keys(results.values).length > 0
      expect([saved, evaluations.length]).toEqual([saved, isPlaced ? 1 : 0])
    }
  },
)
