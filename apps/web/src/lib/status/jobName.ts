/** The shown name of a job; a blank name could not be clicked. */
export function jobName(name: string): string {
  return name.trim() === '' ? 'a job without a name' : name
}
