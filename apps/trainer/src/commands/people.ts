import { columns } from '@bestmark/core'
import {
  audited,
  changeRole,
  type Database,
  endSessions,
  invite,
  type ListedPerson,
  listPeople,
  type Person,
  personNamed,
  Refused,
  removePerson,
  resetPassword,
} from '@bestmark/db'
import { type Board, openBoard } from '../board/board.ts'
import { joinLink } from '../board/joinLink.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { minuteText } from '../cli/timeText.ts'
import { EXIT, Failure } from '../failure.ts'
import { userName } from '../processes/userName.ts'
import { PEOPLE } from './people.table.ts'
import { lastAddress, servingFrom } from './up/address.ts'

const CHANGES = ['invite', 'change', 'reset', 'sign-out', 'remove'] as const

/** Lists people, or changes who may sign in. Exits with 1 if there is nobody to list. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, PEOPLE)
  const [what, ...more] = CHANGES.filter((name) => values[name] !== undefined)
  if (more.length > 0) throw new Failure(`Give --${what} or --${more[0]}, not both.`)
  await using board = await openBoard()
  if (what === undefined) return await list(board, values.json)
  const email = values[what] ?? ''
  try {
    const { link, sentence } = await changes(board, email, values.role)[what]()
    if (link !== undefined) print(values.json ? JSON.stringify({ link }) : link)
    notify(sentence)
    return EXIT.found
  } catch (error) {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  }
}

interface Changed {
  link?: string
  sentence: string
}

/** What each option does. */
function changes(
  { db, home }: Board,
  email: string,
  role: Person['role'],
): Record<(typeof CHANGES)[number], () => Promise<Changed>> {
  const ONCE = 'Give it to that person. It works once, for a week, and is not shown again.'
  const found = () => personNamed(db, email)
  return {
    invite: async () => {
      const open = await openUrl(home)
      const secret = await noted(db, 'invite', { email, role }, () => invite(db, { email, role }))
      return { link: joinLink(open, secret), sentence: ONCE }
    },
    change: async () => {
      const { person_id } = await found()
      const change = () => changeRole(db, person_id, role)
      const { name } = await noted(db, 'changeRole', { person_id, role }, change)
      return { sentence: `${name} has the role ${role} now.` }
    },
    reset: async () => {
      const open = await openUrl(home)
      const person = await found()
      const { person_id } = person
      const secret = await noted(db, 'resetPassword', { person_id }, () =>
        resetPassword(db, person),
      )
      return { link: joinLink(open, secret), sentence: ONCE }
    },
    'sign-out': async () => {
      const { person_id, name } = await found()
      const ended = await noted(db, 'endSessions', { person_id }, () => endSessions(db, person_id))
      return { sentence: `${name} is signed out. Browsers: ${ended}.` }
    },
    remove: async () => {
      const { person_id, name } = await found()
      await noted(db, 'remove', { person_id }, () => removePerson(db, person_id))
      return { sentence: `${name} has no access any more.` }
    },
  }
}

/** Does a write that is in the audit, with the user of this machine. */
async function noted<T>(
  db: Database,
  procedure: string,
  subject: Record<string, string>,
  write: () => Promise<T>,
): Promise<T> {
  const who = { token_id: null, person_id: null, name: userName() }
  const entry = { ...who, caller: 'command', procedure: `people.${procedure}`, subject } as const
  const trying = () =>
    write().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
  const outcome = (done: object) => ('error' in done ? 'BAD_REQUEST' : 'done')
  const done = await audited(db, entry, trying, outcome)
  if ('error' in done) throw done.error
  return done.value
}

/** The address of the board for browsers. */
async function openUrl(home: string): Promise<string> {
  const { open } = await lastAddress(home, process.env)
  const given = process.env['BESTMARK_URL']
  const url = given ? servingFrom({ HOST: '0.0.0.0', BESTMARK_URL: given }).url?.origin : open
  if (url) return url
  throw new Failure(
    'The address of the board is unknown, because it was not started with accounts here. ' +
      'Set BESTMARK_URL, such as https://board.lab.org.',
  )
}

async function list({ db }: Board, json: boolean): Promise<number> {
  const people = await listPeople(db)
  if (json) print(...people.map((person) => JSON.stringify(person)))
  else print(...columns(people.map(cellsOf), []))
  if (people.length === 0) {
    notify('Nobody has an account. The setup link of "bestmark up" makes the first one.')
  }
  return people.length > 0 ? EXIT.found : EXIT.nothing
}

function cellsOf({ name, email, role, used_at }: ListedPerson): string[] {
  return [email, name, role, used_at === null ? 'signed out' : `active ${minuteText(used_at)}`]
}
