/** Valid names of models and targets: they become folders. Browsers compile a pattern with the flag `v`. */
export const MODEL_NAME = /^[a-z0-9][a-z0-9._\-]{0,63}$/v

/** The same rule in words. */
export const MODEL_NAME_RULE =
  'Lower-case letters, digits, “.”, “_” and “-”. At most 64 characters. Begins with a letter or digit.'

/** A valid model name made from the name of a job. */
export function modelNameOf(job: string): string {
  const plain = job
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
  return plain.slice(0, 64) || 'model'
}
