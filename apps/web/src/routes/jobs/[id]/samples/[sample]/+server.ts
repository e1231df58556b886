import { error } from '@sveltejs/kit'
import { isId } from '#lib/id.ts'
import { fileAnswer } from '#lib/server/fileAnswer.ts'
import type { RequestHandler } from './$types'

/** The stored file of a sample. */
export const GET: RequestHandler = async ({ locals, params, request }) => {
  const { id: job_id, sample: sample_id } = params
  if (!isId(job_id) || !isId(sample_id)) error(404, 'There is no such sample.')
  const file = await locals.api.samples.content({ job_id, sample_id })
  if (!file) error(404, 'The board does not have the file of this sample.')
  return fileAnswer(file, request.headers.get('range'))
}
