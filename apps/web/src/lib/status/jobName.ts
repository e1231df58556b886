/** How a job is called where its name is all that is shown; a name of blanks could not be pressed. */
export function jobName(name: string): string {
  return name.trim() === '' ? 'a job without a name' : name
}
