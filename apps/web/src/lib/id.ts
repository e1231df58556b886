const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i

/** Whether a text from an address may be the id of a job, a checkpoint or a sample. */
export function isId(text: string): boolean {
  return UUID.test(text)
}
