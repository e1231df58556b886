import { expect, test } from 'vitest'
import { destinationText } from './alertWords.ts'
import { Destination, DestinationInput, shownDestination } from './destination.ts'
import { mailServerAt } from './mailServer.ts'
import { problemSentence } from './problem.ts'
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
  const wrong = [
    'http://mail',
    'smtp://',
    'mail',
    'smtp://mail/x',
    'smtp://mail?tls=no',
    'smtp://a:%@b',
  ]
  expect(wrong.map(mailServerAt).filter(Boolean)).toEqual([])
})

test('what is shown of a destination has no secret', () => {
  expect(destinationText(shownDestination(SLACK))).toBe('Slack (hooks.slack.com)')
  expect(destinationText(shownDestination(email))).toBe('e-mail to ana@lab.org, bo@lab.org')
  expect(destinationText(shownDestination({ type: 'desktop' }))).toBe('desktop notification')
  const shown = JSON.stringify([SLACK, email].map(shownDestination))
  expect(shown).not.toMatch(/verySecretPart|pass|word|smtps:/)
})

test('the answer of a receiver is shown without the secrets that it repeats', () => {
  const echoed = `no such hook ${SLACK.url}; /services/T0000/B0000/verySecretPart; verySecretPart`
  expect(withoutSecrets(echoed, SLACK)).not.toContain('verySecretPart')
  expect(withoutSecrets('no_service', SLACK)).toBe('no_service')
  expect(withoutSecrets('535 p@ss-word of ana is wrong', email)).toBe('535 … of ana is wrong')
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
