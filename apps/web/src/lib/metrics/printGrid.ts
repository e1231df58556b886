import { flushSync } from 'svelte'
import { onPaper } from './palette.ts'
import type { GridState } from './gridState.svelte.ts'
import { NO_SERIES } from './seriesByName.ts'

/**
 * Draws all charts of the grid before the page is printed, also those that were never on the screen,
 * until the returned function is called. The browser does not wait for points at that moment, so
 * Ctrl+P reads them first. Printing by the browser's menu shows the charts that were read before.
 */
export function drawForPrint(grid: GridState, names: () => readonly string[]): () => void {
  let read = NO_SERIES
  const isPrint = ({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean =>
    (ctrlKey || metaKey) && !shiftKey && !altKey && key.toLowerCase() === 'p'
  const press = (event: KeyboardEvent): void => {
    if (!isPrint(event) || names().length === 0) return
    event.preventDefault()
    readThenPrint().catch(reportError)
  }
  const readThenPrint = async (): Promise<void> => {
    try {
      read = await grid.series.readAll(names())
    } finally {
      window.print()
    }
  }
  let onScreen: GridState['palette']
  const before = (): void => {
    onScreen = grid.palette
    flushSync(() => {
      grid.printed = read
      grid.palette = onPaper(document.documentElement)
    })
  }
  const after = (): void => {
    read = NO_SERIES
    grid.printed = null
    grid.palette = onScreen
  }
  const listening = new AbortController()
  const { signal } = listening
  window.addEventListener('keydown', press, { signal })
  window.addEventListener('beforeprint', before, { signal })
  window.addEventListener('afterprint', after, { signal })
  return () => listening.abort()
}
