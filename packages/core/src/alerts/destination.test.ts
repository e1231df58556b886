import { expect, test } from 'vitest'
import { destinationText } from './alertWords.ts'
import { Destination, DestinationInput, shownDestination } from './destination.ts'
import { mailServerAt } from './mailServer.ts'
import { type DeliveryProblem, problemSentence } from './problem.ts'
import { AlertRule } from './rule.ts'
import { withoutSecrets } from './secrets.ts'

const SLACK = {
  type: 'slack',
  url: 'https://hooks.slack.com/services/T0000/B0000/verySecretPart',
} as const
const MAIL = {
  ...{ type: 'email', server: 'smtps://ana:p%40ss-word@mail.lab.org' },
  ...{ from: 'board@lab.org', to: ['ana@lab.org', 'bo@lab.org'] },
} as const
const email = Destination.parse(MAIL)

test('a webhook has an http or https address without a user', () => {
  const accepts = (url: string) => Destination.safeParse({ type: 'webhook', url }).success
  expect(['https://a.org/x', 'http://127.0.0.1:9000/'].map(accepts)).toEqual([true, true])
  const refused = [
    'ftp://a.org',
    'file:///etc/passwd',
    'javascript:1',
    'https://u:p@a.org',
    'https://u@a.org',
    'https://:p@a.org',
    'xhttps://a.org',
    'a',
    '',
  ]
  expect(refused.filter(accepts)).toEqual([])
})

test('a form may leave out a secret, but not write a wrong one', () => {
  expect(DestinationInput.safeParse({ type: 'slack', url: '' }).success).toBe(true)
  expect(DestinationInput.safeParse({ ...MAIL, server: '' }).success).toBe(true)
  const wrong = DestinationInput.safeParse({ type: 'slack', url: 'secret-but-no-address' })
  expect(wrong.error?.issues[0]?.message).toContain('begins with http://')
  expect(JSON.stringify(wrong.error?.issues)).not.toContain('secret-but')
})

test('a mail server is written as an address', () => {
  expect(mailServerAt(MAIL.server)).toEqual({
    ...{ host: 'mail.lab.org', port: 465, isSecure: true, user: 'ana', password: 'p@ss-word' },
  })
  expect(mailServerAt('smtp://[::1]:2525')).toMatchObject({ host: '::1', port: 2525, user: null })
  expect(mailServerAt('smtp://mail')).toMatchObject({ port: 587, isSecure: false })
  expect(mailServerAt('smtp://ana@mail/')).toMatchObject({ user: 'ana', password: null })
  const wrong = [
    'http://mail',
    'smtp://',
    'mail',
    'smtp://mail/x',
    'smtp://mail?tls=no',
    'smtp://a:%@b',
  ]
  expect(wrong.map(mailServerAt).filter(Boolean)).toEqual([])
  const accepts = (server: string) => Destination.safeParse({ ...MAIL, server }).success
  expect(['smtp://mail', 'mail'].map(accepts)).toEqual([true, false])
})

test('what is shown of a destination has no secret', () => {
  expect(destinationText(shownDestination(SLACK))).toBe('Slack (hooks.slack.com)')
  expect(destinationText(shownDestination(email))).toBe('e-mail to ana@lab.org, bo@lab.org')
  expect(destinationText(shownDestination({ type: 'desktop' }))).toBe('desktop notification')
  expect([SLACK, email, { type: 'desktop' } as const].map(shownDestination)).toEqual([
    { type: 'slack', host: 'hooks.slack.com', from: null, to: [] },
    { type: 'email', host: 'mail.lab.org', from: MAIL.from, to: MAIL.to },
    { type: 'desktop', host: null, from: null, to: [] },
  ])
  const shown = JSON.stringify([SLACK, email].map(shownDestination))
  expect(shown).not.toMatch(/verySecretPart|pass|word|smtps:/)
})

test('the answer of a receiver is shown without the secrets that it repeats', () => {
  const echoed = `no such hook ${SLACK.url}; /services/T0000/B0000/verySecretPart; verySecretPart`
  expect(withoutSecrets(echoed, SLACK)).not.toContain('verySecretPart')
  expect(withoutSecrets('no_service', SLACK)).toBe('no_service')
  expect(withoutSecrets('535 p@ss-word of ana is wrong', email)).toBe('535 … of ana is wrong')
})

test.each([
  ['/hooks/abcdefgh?token=1234', '…'],
  ['no route /hooks/abcdefgh', 'no route …'],
  ['bad ?token=1234', 'bad …'],
  ['hooks: abcdefgh is unknown', 'hooks: … is unknown'],
])('of a webhook, its path, query and long names are secret: %s', (text, clean) => {
  const url = 'https://a.org/hooks/abcdefgh?token=1234'
  expect(withoutSecrets(text, { type: 'webhook', url })).toBe(clean)
})

test.each([
  ['smtp://lab-ana:lab-ana-secret@mail.org', '535 lab-ana-secret of lab-ana', '535 … of …'],
  ['smtp://ana:p%40ss-word@mail.org', '535 p%40ss-word', '535 …'],
  ['smtp://mail.org:2525', 'null at smtp://mail.org:2525', 'null at …'],
])('of a mail server, its address, user and password are secret: %s', (server, text, clean) => {
  expect(withoutSecrets(text, Destination.parse({ ...MAIL, server }))).toBe(clean)
})

test('a desktop notification has no secret', () => {
  expect(withoutSecrets('permission denied', { type: 'desktop' })).toBe('permission denied')
})

test('a rule watches at least one kind, and waits for 1 to 10,000 evaluations', () => {
  const problem = (changed: object) =>
    AlertRule.safeParse({ project: null, kinds: ['failed'], evaluations: 5, ...changed }).error
      ?.issues[0]?.message
  expect([1, 10_000].map((evaluations) => problem({ evaluations }))).toEqual([undefined, undefined])
  expect([0, 10_001, 1.5].every((evaluations) => problem({ evaluations }))).toBe(true)
  expect(problem({ kinds: [] })).toBe('choose at least one kind of alert')
})

const HTTP = { code: 'http', detail: '' } as const
const SMTP = { code: 'smtp', status: null, detail: '' } as const
test.each([
  [{ ...HTTP, status: 401 }, 'answered 401. Its address is wrong'],
  [{ ...HTTP, status: 410 }, 'answered 410. Its address is wrong'],
  [{ ...HTTP, status: 400 }, 'answered 400. It does not accept this message. Check that the rule'],
  [{ ...HTTP, status: 429 }, 'answered 429. It got too many messages. The board waits'],
  [{ ...HTTP, status: 499 }, 'It does not accept this message'],
  [{ ...HTTP, status: 500 }, 'answered 500. The receiver has an error. The board tries again'],
  [{ code: 'redirect', status: 302 }, '(302), and redirects are not followed. Enter the final'],
  [{ code: 'timeout' }, 'did not answer in time. Check that this machine can reach it'],
  [{ ...SMTP, errno: 'EENVELOPE' }, 'the message. Check the sender and the receivers'],
  [{ ...SMTP, errno: 'ETLS' }, 'Its encryption does not work. Check the port, or use smtps'],
  [{ ...SMTP, errno: 'ESOCKET' }, 'the message. Check the mail server in the rule'],
  [
    { ...SMTP, errno: 'EAUTH', status: 535, detail: '5.7.8 no' },
    'refused the message with 535 (5.7.8 no). Check the user and the password',
  ],
] as [DeliveryProblem, string][])('problem %j has its own advice', (problem, part) => {
  expect(problemSentence(problem)).toContain(part)
})

test('each problem says what to do', () => {
  const sentence = problemSentence({ code: 'http', status: 404, detail: 'no_service' })
  expect(sentence).toBe(
    'The receiver answered 404 (no_service). Its address is wrong, or was removed there. Make a new one and enter it in the rule.',
  )
  expect(problemSentence({ code: 'network', errno: 'constructor' })).toContain('(constructor)')
  const auth = { code: 'smtp', errno: 'EAUTH', status: 535, detail: '5.7.8 no' } as const
  expect(problemSentence(auth)).toContain('Check the user and the password')
})
