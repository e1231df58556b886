/** Where this board's program and data are; empty where the server does not know. */
export interface Paths {
  /** The folder with the program `bestmark`; its last character is a slash. */
  code: string
  /** The data folder, where it is not the one beside the program. */
  home: string
}

/** One way to put a run on the board; each of its blocks is copied as one. */
export interface WayIn {
  title: string
  blocks: string[]
}

/** A path as a word of a shell. */
function word(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

/** The four ways to put a run on the board, with the paths of this machine. */
export function waysIn({ code, home }: Paths): WayIn[] {
  const program = word(`${code || './'}bestmark`)
  const bestmark = home ? `BESTMARK_HOME=${word(home)} ${program}` : program
  return [
    { title: 'Start a training and record it', blocks: [`${bestmark} run -- python train.py`] },
    { title: 'Follow a run that already trains', blocks: [`${bestmark} watch path/to/output`] },
    { title: 'Add a finished run', blocks: [`${bestmark} import path/to/output`] },
    {
      title: 'Log from Python',
      blocks: [
        `pip install ${word(`${code || './'}clients/python`)}`,
        PYTHON,
        `${bestmark} watch runs/one`,
      ],
    },
  ]
}

const PYTHON = `import bestmark

bestmark.init("runs/one", metric="eval_loss")
bestmark.log({"loss": 2.1}, step=1)
bestmark.log({"eval_loss": 2.3}, step=100)
bestmark.checkpoint("runs/one/checkpoint-100", step=100)`
