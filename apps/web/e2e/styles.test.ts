import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { oddBoard, pagesOf } from './oddJobs.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let paths: string[]
beforeAll(async () => {
  site = await openSite()
  paths = pagesOf(await oddBoard(site.db))
})
afterAll(() => site[Symbol.asyncDispose]())

/** The class by which the styles of a component find its elements. */
const SCOPE = /svelte-[a-z0-9]+/g

const scopesIn = (text: string): Set<string> => new Set(text.match(SCOPE))

/** The scopes that have styles in the built pages. */
async function styledScopes(): Promise<Set<string>> {
  const folder = join(inject('pages'), 'client/_app/immutable/assets')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.css'))
  const sheets = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return scopesIn(sheets.join('\n'))
}

/** The scopes of the elements of a page, and those of the styles that it has. */
async function scopesOn(page: Page): Promise<{ used: Set<string>; linked: Set<string> }> {
  const [classes, rules] = await page.evaluate(() => [
    [...document.querySelectorAll('[class]')].map((one) => one.getAttribute('class')).join(' '),
    [...document.styleSheets]
      .flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText))
      .join('\n'),
  ])
  return { used: scopesIn(classes ?? ''), linked: scopesIn(rules ?? '') }
}

// SvelteKit follows each chunk once. Styles of a chunk that it first finds behind `import()` are not
// linked; importing the component before the one with `import()` mends that.
test('each page has the styles of all its components, as the server sends it and later', async () => {
  const styled = await styledScopes()
  expect(styled.size).toBeGreaterThan(50)
  const missing: string[] = []
  for (const javaScriptEnabled of [false, true]) {
    const page = await (await site.visitor({ javaScriptEnabled })).newPage()
    for (const path of paths) {
      await page.goto(path)
      if (javaScriptEnabled) {
        await page.waitForFunction(() => !/^Loading the .+\.$/m.test(document.body.innerText))
      }
      const { used, linked } = await scopesOn(page)
      const without = [...used].filter((scope) => styled.has(scope) && !linked.has(scope))
      if (without.length > 0) {
        missing.push(`${path} ${without.join(' ')}${javaScriptEnabled ? '' : ' as sent'}`)
      }
    }
  }
  expect(missing).toEqual([])
})
