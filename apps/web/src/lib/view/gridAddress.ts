/** What a person has opened, searched and pinned in the grid, as it stands in the address. */
export interface GridViewing {
  open: boolean
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
    open: parameters.get('metrics') === '1',
    find: parameters.get('find') ?? '',
    pins: [...new Set(parameters.getAll('pin'))],
    folded: [...new Set(parameters.getAll('fold'))],
    full: parameters.get('full'),
  }
}

/** What an address says of the grid: only what differs from a closed one. */
export function gridParameters({ open, find, pins, folded, full }: GridViewing): URLSearchParams {
  const parameters = new URLSearchParams()
  if (open) parameters.set('metrics', '1')
  if (find !== '') parameters.set('find', find)
  for (const pin of pins) parameters.append('pin', pin)
  for (const group of folded) parameters.append('fold', group)
  if (full !== null) parameters.set('full', full)
  return parameters
}
