import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { credentialsOf } from './credentials.ts'

const FILE = `[default]
aws_access_key_id = D
aws_secret_access_key=d=1/+
# a comment
[ team ]
aws_access_key_id = T
aws_secret_access_key = t
aws_session_token = tt
[half]
aws_access_key_id = H
`

test('credentials come from named variables, a profile, or the usual variables and then the default profile', async () => {
  await using home = await temporaryFolder()
  const path = join(home.path, 'credentials')
  await writeFile(path, FILE)
  const env = { AWS_SHARED_CREDENTIALS_FILE: path }
  const usual = { ...env, AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'a', K: 'k', S: 's' }
  const named = { access_key_env: 'K', secret_key_env: 'S' }
  const pair = (accessKeyId: string, secretAccessKey: string) => ({ accessKeyId, secretAccessKey })
  expect(await credentialsOf(named, usual)).toEqual(pair('k', 's'))
  expect(await credentialsOf({}, usual)).toEqual(pair('A', 'a'))
  expect(await credentialsOf({}, env)).toEqual(pair('D', 'd=1/+'))
  const team = { ...pair('T', 't'), sessionToken: 'tt' }
  expect(await credentialsOf({ profile: 'team' }, usual)).toEqual(team)
  expect(await credentialsOf({}, { ...env, AWS_PROFILE: 'team' })).toEqual(team)
  await expect(credentialsOf(named, { ...env, K: 'k' })).rejects.toThrow('no variable S.')
  await expect(credentialsOf({ profile: 'half' }, env)).rejects.toThrow('of profile half')
  const none = { AWS_SHARED_CREDENTIALS_FILE: join(home.path, 'none') }
  await expect(credentialsOf({}, none)).rejects.toThrow('no variable AWS_ACCESS_KEY_ID, and there')
})
