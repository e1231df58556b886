import type { Entry } from './entries.ts'

/**
 * What can be done on the page that is open: its buttons, links and tabs, by the names that a screen
 * reader says. If several controls have one name, it does not identify a control, so these are left
 * out.
 */
export function pageControls(): Entry[] {
  const controls = document.querySelectorAll<HTMLElement>(
    'header button, main :is(button, a.button), [role=tab]',
  )
  const shown = [...controls].filter((control) => {
    return control.checkVisibility({ visibilityProperty: true }) && !control.matches(':disabled')
  })
  const byName = Map.groupBy(shown, nameOf)
  return [...byName].flatMap(([name, [control, ...others]]): Entry[] => {
    if (!control || name === '' || others.length > 0) return []
    return [{ key: `control ${name}`, name, detail: 'on this page', action: { control } }]
  })
}

/** The files of the report that the open page links to. */
export function reportFiles(): Entry[] {
  const link = document.querySelector<HTMLAnchorElement>('main a.button[href*="/report"]')
  if (!link) return []
  return ['html', 'md', 'json'].map((format) => {
    const file = new URL(link.href)
    file.pathname += `.${format}`
    const name = `Save the report as .${format}`
    return { key: `report ${format}`, name, detail: 'file', action: { file: file.href } }
  })
}

function nameOf(control: HTMLElement): string {
  return (control.ariaLabel ?? control.innerText).replace(/\s+/g, ' ').trim()
}
