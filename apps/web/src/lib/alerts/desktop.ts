import { api, type AlertMessage } from '../api.ts'

/** Whether this browser shows notifications; `off` until somebody asks for them here. */
export type DesktopState = 'on' | 'off' | 'denied' | 'unsupported'

/** Where this browser stores that somebody asked for notifications. */
const STORED = 'bestmark-desktop-alerts'
/** Fires on the window when this browser begins or stops to show them. */
const CHANGED = 'bestmark:desktop-alerts'
/** How often new ones are fetched (ms). */
const AGAIN = 5_000

export function desktopState(): DesktopState {
  if (!('Notification' in window)) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  const isAsked = localStorage.getItem(STORED) === 'on'
  return isAsked && Notification.permission === 'granted' ? 'on' : 'off'
}

/** Asks the person for permission; returns the new state. */
export async function allowDesktop(): Promise<DesktopState> {
  if ((await Notification.requestPermission()) === 'granted') localStorage.setItem(STORED, 'on')
  return changed()
}

export function stopDesktop(): DesktopState {
  localStorage.removeItem(STORED)
  return changed()
}

function changed(): DesktopState {
  window.dispatchEvent(new Event(CHANGED))
  return desktopState()
}

/**
 * Shows each alert that comes from now on, while this browser is asked to, until the returned
 * function is called. Several open pages show it once, since it has one tag.
 */
export function followDesktop(): () => void {
  let last: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = async (): Promise<void> => {
    clearTimeout(timer)
    if (desktopState() !== 'on') return
    // A failed look is repeated, and the page shows elsewhere that the board is away.
    const found = await api.alerts.list
      .query({ type: 'desktop', after: last, limit: last === undefined ? 1 : 20 })
      .catch(() => undefined)
    if (found && last !== undefined) for (const message of found.toReversed()) show(message)
    if (found) last = found[0]?.alert_id ?? last ?? 0
    clearTimeout(timer)
    timer = setTimeout(begin, AGAIN)
  }
  const begin = (): void => {
    look().catch(reportError)
  }
  window.addEventListener(CHANGED, begin)
  begin()
  return () => {
    window.removeEventListener(CHANGED, begin)
    clearTimeout(timer)
  }
}

function show({ alert_id, job_id, text }: AlertMessage): void {
  const notification = new Notification('Bestmark', { body: text, tag: `bestmark-${alert_id}` })
  notification.onclick = () => {
    window.focus()
    location.assign(job_id === null ? '/alerts' : `/jobs/${job_id}`)
  }
}
