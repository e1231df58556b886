import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Refused } from '../values/refused.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import {
  addTestAlert,
  alertDelivered,
  alertFailed,
  claimAlerts,
  forgetOldAlerts,
  listAlerts,
  MOST_TRIES,
} from './outbox.ts'
import { listRules, MOST_RULES, removeRule, saveRule } from './rules.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
afterEach(async () => {
  await db.sql`delete from alert_rules`
})

const SECRET = 'https://hooks.slack.com/services/T0/B0/secretpart'
const RULE = { project: null, kinds: ['failed' as const], evaluations: 5 }
const newRule = (url = SECRET) => saveRule(db, { ...RULE, destination: { type: 'slack', url } })
const refused = { code: 'network', errno: 'ECONNREFUSED' } as const

test('a message is claimed once, until it is delivered', async () => {
  const rule_id = await newRule()
  const alert_id = await addTestAlert(db, rule_id)
  const claims = await Promise.all([1, 2, 3].map(() => claimAlerts(db)))
  expect(claims.flat()).toMatchObject([
    { alert_id, tries: 1, destination: { type: 'slack', url: SECRET } },
  ])
  await alertDelivered(db, alert_id)
  expect(await claimAlerts(db)).toEqual([])
  const [sent] = await listAlerts(db)
  expect(sent).toMatchObject({ alert_id, tries: 1, next_try_at: null, problem: null })
  expect(sent?.delivered_at).toBeGreaterThan(0)
})

test('a message whose sender died is due again when its claim ends', async () => {
  await addTestAlert(db, await newRule())
  expect(await claimAlerts(db, 0)).toHaveLength(1)
  expect(await claimAlerts(db, 0)).toMatchObject([{ tries: 2 }])
})

test('each rule has one message on its way, the oldest first', async () => {
  const [one, two] = [await newRule(), await newRule()]
  const first = await addTestAlert(db, one)
  await addTestAlert(db, one)
  const other = await addTestAlert(db, two)
  const claimed = (await claimAlerts(db)).map(({ alert_id }) => alert_id)
  expect(claimed.sort((a, b) => a - b)).toEqual([first, other])
})

test('a message that failed is sent again later, and given up after a day of tries', async () => {
  const alert_id = await addTestAlert(db, await newRule())
  await claimAlerts(db)
  const waitAfter = async (tries: number, asked?: number) => {
    await alertFailed(db, { alert_id, tries }, refused, asked)
    const [row] = await db.sql`select next_try_at - extract(epoch from clock_timestamp()) * 1000
      as wait from alerts where alert_id = ${alert_id}`
    return row?.['wait'] === null ? null : Math.round(Number(row?.['wait']) / 10_000) * 10
  }
  expect([await waitAfter(1), await waitAfter(2), await waitAfter(3)]).toEqual([10, 30, 60])
  expect(await waitAfter(20)).toBe(3_600)
  expect(await waitAfter(1, 120_000)).toBe(120)
  expect(await waitAfter(MOST_TRIES)).toBeNull()
  expect(await claimAlerts(db)).toEqual([])
  expect(await listAlerts(db)).toMatchObject([{ problem: refused, delivered_at: null }])
})

test('a corrected rule sends at once what it could not deliver', async () => {
  const rule_id = await newRule('http://127.0.0.1:1/')
  const alert_id = await addTestAlert(db, rule_id)
  await claimAlerts(db)
  await alertFailed(db, { alert_id, tries: MOST_TRIES }, refused)
  const destination = { type: 'slack', url: SECRET } as const
  await saveRule(db, { ...RULE, rule_id, destination })
  expect(await claimAlerts(db)).toMatchObject([{ alert_id, tries: 1, destination }])
})

test('a rule keeps its secret if the form leaves it out, and no list shows it', async () => {
  const rule_id = await newRule()
  await addTestAlert(db, rule_id)
  await saveRule(db, { ...RULE, rule_id, evaluations: 9, destination: { type: 'slack', url: '' } })
  const [claimed] = await claimAlerts(db)
  expect(claimed?.destination).toEqual({ type: 'slack', url: SECRET })
  const shown = JSON.stringify([await listRules(db), await listAlerts(db)])
  expect(shown).toContain('hooks.slack.com')
  expect(shown).not.toContain('secretpart')
  const other = saveRule(db, { ...RULE, rule_id, destination: { type: 'discord', url: '' } })
  await expect(other).rejects.toThrow('Enter the address of the webhook.')
})

test('an error of the database does not contain the secret', async () => {
  const broken = {
    ...RULE,
    evaluations: 1e12,
    destination: { type: 'slack', url: SECRET } as const,
  }
  const error = await saveRule(db, broken).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(Error)
  expect(String(error)).not.toContain('secretpart')
})

test('desktop notifications are for open pages, so nothing sends them', async () => {
  const rule_id = await saveRule(db, { ...RULE, destination: { type: 'desktop' } })
  await addTestAlert(db, await newRule())
  const alert_id = await addTestAlert(db, rule_id)
  expect(await claimAlerts(db)).toMatchObject([{ destination: { type: 'slack' } }])
  const desktop = await listAlerts(db, { type: 'desktop' })
  expect(desktop.map((one) => one.alert_id)).toEqual([alert_id])
  expect(await listAlerts(db, { type: 'desktop', after: alert_id })).toEqual([])
})

test('with a rule its messages are removed, and it can no longer be tested or changed', async () => {
  const rule_id = await newRule()
  await addTestAlert(db, rule_id)
  await removeRule(db, rule_id)
  expect(await listAlerts(db)).toEqual([])
  await expect(addTestAlert(db, rule_id)).rejects.toThrow(Refused)
  const change = saveRule(db, { ...RULE, rule_id, destination: { type: 'desktop' } })
  await expect(change).rejects.toThrow(Refused)
})

test('a board has so many rules at most', async () => {
  await newRule()
  await db.sql`insert into alert_rules (kinds, evaluations, destination, created_at)
    select kinds, evaluations, destination, created_at
    from alert_rules, generate_series(2, ${MOST_RULES})`
  await expect(newRule()).rejects.toThrow(Refused)
})

test('messages are kept for 90 days', async () => {
  const rule_id = await newRule()
  const old = await addTestAlert(db, rule_id)
  const recent = await addTestAlert(db, rule_id)
  const days = 91 * 24 * 3_600_000
  await db.sql`update alerts set created_at = created_at - ${days}::float8 where alert_id = ${old}`
  await forgetOldAlerts(db)
  expect((await listAlerts(db)).map(({ alert_id }) => alert_id)).toEqual([recent])
})
