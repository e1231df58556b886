import { watchTheme } from '../charts/theme.ts'
import type { Palette } from './svg.ts'

/**
 * Passes the colours of the page to a callback, now and after each change of the theme, until the
 * returned function is called. A canvas and a file cannot use the variables of the page.
 */
export function watchPalette(root: HTMLElement, onchange: (palette: Palette) => void): () => void {
  const look = (): void => onchange(readPalette(root))
  look()
  return watchTheme(root, look)
}

/** The colours of a printed page, which are light ones whatever the theme. */
export function onPaper(root: HTMLElement): Palette {
  const before = root.style.colorScheme
  root.style.colorScheme = 'light'
  const palette = readPalette(root)
  root.style.colorScheme = before
  return palette
}

function readPalette(root: HTMLElement): Palette {
  // Only a property in use resolves `light-dark()`.
  const probe = root.ownerDocument.createElement('span')
  root.ownerDocument.body.append(probe)
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const palette = {
    ...{ ink: colour('ink'), grey: colour('grey'), faint: colour('faint') },
    ...{ line: colour('line'), paper: colour('paper'), best: colour('best') },
  }
  probe.remove()
  return palette
}
