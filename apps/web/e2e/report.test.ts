import { afterAll, beforeAll, expect, test } from 'vitest'
import { Run } from './runs.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let runs: Run[]

beforeAll(async () => {
  site = await openSite()
  runs = [
    await (await new Run(site.db, 'moby').begin()).train([3, 2.5, 2.2, 2.4]),
    await (await new Run(site.db, 'whale').begin({ config: { seed: 2 } })).train([3, 2.6, 2.3]),
  ]
})
afterAll(() => site[Symbol.asyncDispose]())

/** The reports there are: their address, without the format, and their headline. */
const reports = () => [
  { address: `/jobs/${runs[0]?.job_id}/report`, search: '', headline: 'Ship step 300' },
  {
    address: '/compare/report',
    search: `?jobs=${runs.map(({ job_id }) => job_id).join()}`,
    headline: 'Ship step 300 of moby',
  },
]

test('a report and its files have one headline', async () => {
  const visitor = await site.visitor()
  const page = await visitor.newPage()
  for (const { address, search, headline } of reports()) {
    await page.goto(`${address}${search}`)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(headline)
    const links = page.getByRole('navigation', { name: 'save the report' }).getByRole('link')
    expect(await links.allInnerTexts()).toEqual(['.html', '.md', '.json'])
    const saved = async (format: string) => {
      const href = await links.getByText(`.${format}`).getAttribute('href')
      return (await visitor.request.get(new URL(href ?? '', page.url()).href)).text()
    }
    expect((await saved('md')).split('\n')[0]).toBe(`# ${headline}`)
    expect(JSON.parse(await saved('json'))).toMatchObject({ headline })
  }
})

test('the HTML file needs no other file, and looks like the page', async () => {
  const visitor = await site.visitor()
  const online = await visitor.newPage()
  const offline = await (await site.visitor({ offline: true })).newPage()
  const requested: string[] = []
  offline.on('request', (request) => requested.push(request.url()))
  for (const { address, search } of reports()) {
    await online.goto(`${address}${search}`)
    const file = await visitor.request.get(`${address}.html${search}`)
    expect(file.headers()['content-disposition']).toBe('attachment; filename="report.html"')
    const html = await file.text()
    expect(html).not.toMatch(/<script|<link|\\shref=|\\ssrc=/)
    await offline.setContent(html)
    const shown = (page: typeof online) => page.locator('main section').allInnerTexts()
    expect(await shown(offline)).toEqual(await shown(online))
    const size = await offline.locator('h1').evaluate((h1) => getComputedStyle(h1).fontSize)
    expect(size).toBe('22px')
  }
  expect(requested).toEqual([])
})

test('an unknown format or job is refused with a sentence', async () => {
  const { request } = await site.visitor()
  expect((await request.get(`/jobs/${runs[0]?.job_id}/report.pdf`)).status()).toBe(404)
  expect((await request.get('/jobs/x/report.html')).status()).toBe(404)
  expect((await request.get('/compare/report.md')).status()).toBe(400)
})
