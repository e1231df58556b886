import { expect, test } from 'vitest'
import { claimedAlert, webhookServer } from './testing.ts'
import { sendToWebhook } from './webhook.ts'

const BOARD = 'https://board.lab.org/'
const NEVER = new AbortController().signal

/** What a webhook of a kind receives for an alert. */
async function received(type: 'slack' | 'discord' | 'webhook', alert = claimedAlert()) {
  await using server = await webhookServer()
  const url = `${server.url}/services/T0/B0/secret`
  expect(await sendToWebhook(alert, { type, url }, BOARD, NEVER)).toEqual({ problem: null })
  const [one] = server.received
  expect(one).toMatchObject({ path: '/services/T0/B0/secret', type: 'application/json' })
  return JSON.parse(one?.body ?? '') as unknown
}

const TEXT = 'Job moby: new best eval_loss 0.412 at step 500 (was 0.431 at 400)'
const LINK = 'https://board.lab.org/jobs/b5'

test('Slack gets the sentence and a link', async () => {
  expect(await received('slack')).toEqual({ text: `${TEXT}\n<${LINK}|Open in Bestmark>` })
})

test('Discord gets the sentence and the link, and mentions nobody', async () => {
  const content = `Job moby: new best eval\\_loss 0.412 at step 500 \\(was 0.431 at 400\\)\n${LINK}`
  expect(await received('discord')).toEqual({ content, allowed_mentions: { parse: [] } })
})

test('a plain webhook gets the sentence, the link and the facts', async () => {
  expect(await received('webhook')).toEqual({
    ...{ alert_id: 7, job_id: 'b5', job_name: 'moby', project: 'char-lm' },
    ...{ created_at: 1_700_000_000_000, text: TEXT, link: LINK, kind: 'new_best' },
    best: { metric: 'eval_loss', value: 0.412, step: 500 },
    previous: { metric: 'eval_loss', value: 0.431, step: 400 },
  })
  const alert = { kind: 'nan', metric: 'loss', value: NaN, step: 3, attempt: 0 } as const
  expect(await received('webhook', claimedAlert({ alert }))).toMatchObject({ value: 'NaN' })
})

test('a name cannot mention a channel or add a link', async () => {
  const job_name = '<!channel> & [a](http://evil.com) @everyone'
  const alert = claimedAlert({ job_name, alert: { kind: 'lost', attempt: 0 } })
  expect(JSON.stringify(await received('slack', alert))).toContain('&lt;!channel&gt; &amp;')
  expect(JSON.stringify(await received('discord', alert))).toContain('\\\\[a\\\\]\\\\(http')
})

test('a message of Discord has at most 2,000 characters', async () => {
  const alert = { kind: 'failed', attempt: 0, error: '_'.repeat(5_000) } as const
  const long = claimedAlert({ job_name: '*'.repeat(5_000), alert })
  const board = `https://board.lab.org/${'x'.repeat(1_500)}`
  await using server = await webhookServer()
  await sendToWebhook(long, { type: 'discord', url: server.url }, board, NEVER)
  const { content } = JSON.parse(server.received[0]?.body ?? '') as { content: string }
  expect(content.length).toBeLessThanOrEqual(2_000)
  expect(content).toContain('/jobs/b5')
})

test('a test message links to the page of the alerts', async () => {
  const test = claimedAlert({ alert: { kind: 'test' }, job_id: null, job_name: null })
  expect(await received('webhook', test)).toMatchObject({ link: 'https://board.lab.org/alerts' })
})

test('a refusal is reported with its status, the answer without the secret, and the wait', async () => {
  await using server = await webhookServer((response, request) => {
    response.writeHead(429, { 'retry-after': '7' }).end(`slow down, ${request.url}`)
  })
  const url = `${server.url}/services/verySecretPart`
  expect(await sendToWebhook(claimedAlert(), { type: 'slack', url }, BOARD, NEVER)).toEqual({
    problem: { code: 'http', status: 429, detail: 'slow down, …' },
    retry_after: 7_000,
  })
})

test('a redirect is not followed', async () => {
  await using other = await webhookServer()
  await using server = await webhookServer((response) => {
    response.writeHead(307, { location: other.url }).end()
  })
  const sent = await sendToWebhook(
    claimedAlert(),
    { type: 'webhook', url: server.url },
    BOARD,
    NEVER,
  )
  expect(sent.problem).toEqual({ code: 'redirect', status: 307 })
  expect(other.received).toEqual([])
})

test('a receiver that does not answer and one that is not there have different errors', async () => {
  await using silent = await webhookServer(() => undefined)
  const problemAt = async (url: string, signal = NEVER) =>
    (await sendToWebhook(claimedAlert(), { type: 'webhook', url }, BOARD, signal)).problem
  expect(await problemAt(silent.url, AbortSignal.timeout(50))).toEqual({ code: 'timeout' })
  const gone = await webhookServer()
  await gone[Symbol.asyncDispose]()
  expect(await problemAt(gone.url)).toEqual({ code: 'network', errno: 'ECONNREFUSED' })
  expect(await problemAt('http://nowhere.invalid/')).toMatchObject({ code: 'network' })
})
