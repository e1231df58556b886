import type { Site } from './site.ts'

const FORM = 'form:not([action], [method])'

/**
 * The buttons and choices of a page as it is sent, in forms that only its script handles. Before the
 * script runs, a button would load the page again without what somebody wrote, and the script would
 * set a choice back.
 */
export async function earlyControls(site: Site, path: string): Promise<string[]> {
  const page = await (await site.visitor({ javaScriptEnabled: false })).newPage()
  await page.goto(path)
  const early = page.locator(`${FORM} :is(button:not([type=button]), select):enabled`)
  return early.filter({ visible: true }).allInnerTexts()
}
