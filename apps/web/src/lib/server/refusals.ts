import { plainPage } from './plainPage.ts'

/** What those are told who may not come in, or who come while nothing can be shown. */
export const refusals = {
  host: () =>
    plainPage({
      status: 421,
      title: 'This board answers only on its own machine',
      sentences: [
        'Open it as <code>localhost</code>. From another machine, tunnel its port: <code>ssh -L 4173:localhost:4173 that-machine</code>.',
      ],
    }),

  token: () =>
    plainPage({
      status: 401,
      title: 'This board needs its link',
      sentences: [
        'Open the link that was printed when the board was started; it ends in <code>/?token=…</code> and lets this browser in from then on.',
        'The command <code>bestmark link</code> prints it again. It holds the name by which this board is opened.',
      ],
    }),

  oldCookie: () =>
    plainPage({
      status: 401,
      title: 'This board needs its link once more',
      sentences: [
        'This browser was let in by an earlier version. Open the link again: <code>bestmark link</code> prints it.',
        'The cookie of the earlier version held the secret of the link, and other servers of this machine may have seen it. <code>bestmark link --new</code> makes another one.',
      ],
    }),

  origin: () =>
    plainPage({
      status: 403,
      title: 'That came from another page',
      sentences: ['Only pages of this board, or tools that send its token, may change something.'],
    }),

  elsewhere: () =>
    plainPage({
      status: 403,
      title: 'Another page asked for that',
      sentences: [
        'Links may lead to the pages of this board. Its data is for these pages, and for tools that send its token.',
      ],
    }),

  form: () =>
    plainPage({
      status: 400,
      title: 'That request cannot be read',
      sentences: [
        'Its first line must name a path of this board, and it must have one Host header.',
      ],
    }),

  method: (allow: string) =>
    plainPage({
      status: 405,
      title: 'The board does not know that method',
      sentences: [`It answers ${allow}.`],
      headers: { allow },
    }),

  body: (bytes: number) =>
    plainPage({
      status: 413,
      title: 'That is too large',
      sentences: [`A request may bring ${bytes} bytes.`],
    }),

  database: () =>
    plainPage({
      status: 503,
      title: 'The database cannot be reached',
      sentences: ['Training goes on and loses nothing. This page comes back by itself.'],
      again: 3,
    }),
}
