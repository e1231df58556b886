import type { Serving } from '@bestmark/api/board'
import { plainPage } from './plainPage.ts'

/** The pages for refused requests, and for a database that cannot be reached. */
export const refusals = {
  host: () =>
    plainPage({
      status: 421,
      title: 'This board can only be opened on its own machine',
      sentences: [
        'Open it as <code>localhost</code>. From another machine, forward its port: <code>ssh -L 4173:localhost:4173 that-machine</code>.',
      ],
    }),

  token: () =>
    plainPage({
      status: 401,
      title: 'This board needs its link',
      sentences: [
        'Open the link that was printed when the board started. It ends in <code>/?token=…</code> and gives this browser access.',
        'The command <code>bestmark link</code> prints it again.',
      ],
    }),

  otherName: () =>
    plainPage({
      status: 421,
      title: 'This board has another name',
      sentences: [
        'Open it by the address that its owner gave you. The owner sets it in the variable <code>BESTMARK_URL</code>.',
      ],
    }),

  signIn: () =>
    plainPage({
      status: 401,
      title: 'Sign in to this board',
      sentences: [
        '<a href="/sign-in">Sign in</a> in a browser. A program sends a token in a Bearer header: <code>bestmark tokens</code> makes one.',
      ],
    }),

  ingest: () =>
    plainPage({
      status: 403,
      title: 'This token only sends journals',
      sentences: [
        'It can read nothing of this board. <code>bestmark tokens --new NAME</code> makes one that can.',
      ],
    }),

  oldCookie: () =>
    plainPage({
      status: 401,
      title: 'Open the link of this board again',
      sentences: [
        'This browser has a cookie of an earlier version. Run <code>bestmark link</code> and open the link.',
        'The old cookie contained the token of the link. Other servers of this machine may have read it. <code>bestmark link --new</code> makes a new link.',
      ],
    }),

  attempts: () =>
    plainPage({
      status: 429,
      title: 'Too many unknown tokens',
      sentences: [
        'Programs sent many tokens that this board does not have. Wait a minute, then try again.',
        'Tokens that were used within the last hour still work.',
      ],
      headers: { 'retry-after': '60' },
    }),

  origin: () =>
    plainPage({
      status: 403,
      title: 'This request came from another page',
      sentences: ['Only pages of this board, or tools that send its token, can change something.'],
    }),

  elsewhere: () =>
    plainPage({
      status: 403,
      title: 'This request came from another site',
      sentences: [
        'Other sites may link to pages of this board. Only its own pages, and tools that send its token, can read its data.',
      ],
    }),

  form: () =>
    plainPage({
      status: 400,
      title: 'This request cannot be read',
      sentences: [
        'Its first line must contain a path of this board. It must have one Host header.',
      ],
    }),

  method: (allow: string) =>
    plainPage({
      status: 405,
      title: 'This method is not supported',
      sentences: [`Supported methods: ${allow}.`],
      headers: { allow },
    }),

  body: (bytes: number) =>
    plainPage({
      status: 413,
      title: 'This request is too large',
      sentences: [`A request can have at most ${bytes} bytes.`],
    }),

  database: () =>
    plainPage({
      status: 503,
      title: 'The database cannot be reached',
      sentences: ['Training continues and nothing is lost. This page tries again by itself.'],
      again: 3,
    }),
}

/** The page for a request to another name. */
export function hostRefusal({ hasAccounts }: Pick<Serving, 'hasAccounts'>): () => Response {
  return hasAccounts ? refusals.otherName : refusals.host
}
