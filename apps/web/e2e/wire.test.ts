import { wire } from '@bestmark/core'
import type { Page, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metrics, Run } from './runs.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let run: Run

beforeAll(async () => {
  site = await openSite()
  run = await (await new Run(site.db, 'moby-char-lm').begin()).train([3, 2.5, 2.23, 2.4, 2.9])
})
afterAll(() => site[Symbol.asyncDispose]())

/** The transferred bytes until a page is live. */
async function answersOf(page: Page, path: string): Promise<Response[]> {
  const answers: Response[] = []
  page.on('response', (answer) => answers.push(answer))
  await page.goto(path, { waitUntil: 'load' })
  await page.getByRole('slider', { name: / by step$/ }).waitFor()
  return answers
}

async function bytesOf(answers: Response[]): Promise<number> {
  const sizes = await Promise.all(answers.map((answer) => answer.request().sizes()))
  return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
}

/** Limits in bytes, compressed. */
const MOST = { script: 120_000, all: 150_000 }

test('the job page and its script need few bytes', async () => {
  const page = await (await site.visitor()).newPage()
  const answers = await answersOf(page, `/jobs/${run.job_id}`)
  const ended = answers.filter((answer) => !answer.url().includes('/trpc/'))
  const scripts = ended.filter((answer) => answer.request().resourceType() === 'script')
  expect(scripts.length).toBeGreaterThan(5)
  expect(await bytesOf(scripts)).toBeLessThan(MOST.script)
  expect(await bytesOf(ended)).toBeLessThan(MOST.all)
  const texts = await Promise.all(scripts.map((answer) => answer.text()))
  // The server validates requests, so a page needs no zod.
  expect(texts.filter((text) => text.includes('ZodType'))).toEqual([])
  // Only a build for development names the files of components.
  expect(texts.filter((text) => /src\/lib\/[\w/]+\.svelte/.test(text))).toEqual([])
})

test('pages, scripts and answers of the API are compressed as the reader accepts', async () => {
  const headers = { authorization: `Bearer ${site.token}` }
  const html = await fetch(`${site.url}/jobs/${run.job_id}`, { headers })
  const script = /\/_app\/immutable\/entry\/[\w./-]+\.js/.exec(await html.text())?.[0] ?? ''
  const ask = async (path: string, encoding: string) => {
    const accepted = { ...headers, 'accept-encoding': encoding }
    const answer = await fetch(site.url + path, { headers: accepted })
    await answer.arrayBuffer()
    return answer.headers.get('content-encoding')
  }
  for (const path of [`/jobs/${run.job_id}`, script, '/trpc/jobs.list']) {
    expect([path, await ask(path, 'gzip, br')]).toEqual([path, 'br'])
    expect([path, await ask(path, 'gzip')]).toEqual([path, 'gzip'])
    expect([path, await ask(path, 'identity')]).toEqual([path, null])
  }
})

test('compression does not delay a live message', async () => {
  const input = encodeURIComponent(JSON.stringify(wire.input.serialize({ jobs: [run.job_id] })))
  const stop = new AbortController()
  const answer = await fetch(`${site.url}/trpc/watch?input=${input}`, {
    headers: { authorization: `Bearer ${site.token}`, 'accept-encoding': 'gzip, br' },
    signal: stop.signal,
  })
  expect(answer.headers.get('content-encoding')).toBeNull()
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  const until = async (part: string) => {
    for (let text = ''; !text.includes(part);) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`The stream ended after: ${text}`)
      text += value
    }
  }
  await until(run.job_id)
  // Each is read before the next is written, so no buffer has to fill first.
  for (const step of [601, 602, 603]) {
    await run.record(metrics(step, step + 0.1234))
    await until(String(step + 0.1234))
  }
  stop.abort()
})
