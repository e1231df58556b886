import { type Client, createClient } from '@bestmark/api/client'
import { parseArgs } from 'node:util'

/**
 * An internal tool: prints the path of a job's best checkpoint, and prints again when another one
 * becomes the best, until the job ends. Pipe it into a program that evaluates or ships checkpoints.
 *
 *   node examples/watchBest.ts JOB_ID --url http://127.0.0.1:4173 --token "$(cat .bestmark/token)"
 */

const ENDED = new Set(['completed', 'failed', 'stopped'])

/** Calls `print` with the path of the best checkpoint each time it changes; null if there is none. */
export function watchBest(
  api: Client,
  job_id: string,
  print: (path: string | null) => void,
): Promise<void> {
  let printed: string | null | undefined
  return new Promise((resolve, reject) => {
    const subscription = api.watch.subscribe(
      { jobs: [job_id] },
      {
        onData: ({ data: { status } }) => {
          const { best_checkpoint_path } = status
          if (best_checkpoint_path !== printed) print(best_checkpoint_path)
          printed = best_checkpoint_path
          if (!ENDED.has(status.status)) return
          subscription.unsubscribe()
          resolve()
        },
        onError: reject,
      },
    )
  })
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:4173' },
      token: { type: 'string' },
    },
  })
  const [job_id] = positionals
  const { url, token = process.env['BESTMARK_TOKEN'] } = values
  if (!job_id || !token) throw new Error('usage: watchBest.ts JOB_ID --token TOKEN [--url URL]')
  const api = createClient({ url, token })
  const { name } = await api.jobs.status.query({ job_id })
  process.stderr.write(`${name}: the best checkpoint is\n`)
  await watchBest(api, job_id, (path) => process.stdout.write(`${path ?? 'not known yet'}\n`))
}
