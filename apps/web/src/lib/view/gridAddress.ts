/** What is searched and pinned in the grid, as the address holds it. */
export interface GridViewing {
  find: string
  pins: readonly string[]
  /** Groups that are closed. */
  folded: readonly string[]
  /** The series that fills the screen. */
  full: string | null
}

/** Reads an address. */
export function readGrid(parameters: Pick<URLSearchParams, 'get' | 'getAll'>): GridViewing {
  return {
    find: parameters.get('find') ?? '',
    pins: [...new Set(parameters.getAll('pin'))],
    folded: [...new Set(parameters.getAll('fold'))],
    full: parameters.get('full'),
  }
}

/** Adds the state of the grid to the parameters of an address; defaults are left out. */
export function gridParameters(
  { find, pins, folded, full }: GridViewing,
  parameters = new URLSearchParams(),
): URLSearchParams {
  if (find !== '') parameters.set('find', find)
  for (const pin of pins) parameters.append('pin', pin)
  for (const group of folded) parameters.append('fold', group)
  if (full !== null) parameters.set('full', full)
  return parameters
}
