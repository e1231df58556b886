/** The name of a job as shown; a blank name gets a text, because it could not be clicked. */
export function jobName(name: string): string {
  return name.trim() === '' ? 'a job without a name' : name
}
