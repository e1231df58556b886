/**
 * Calls back after each change of the theme, until the returned function is called. A canvas must
 * then be drawn again, because its pixels do not follow the variables of the page.
 */
export function watchTheme(root: HTMLElement, onchange: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const observer = new MutationObserver(onchange)
  observer.observe(root, { attributes: true, attributeFilter: ['data-theme'] })
  dark.addEventListener('change', onchange)
  return () => {
    observer.disconnect()
    dark.removeEventListener('change', onchange)
  }
}
