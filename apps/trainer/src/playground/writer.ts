import { writeAfter } from '@bestmark/char-lm/playground'
import { print } from '../cli/terminal.ts'
import { errorText } from '../failure.ts'
import type { WriterResult } from './writing.ts'

/** The process that writes after a prompt, since a model and its library take memory and time. */
const [prompt = '', characters, ...folders] = process.argv.slice(2)
for (const folder of folders) print(JSON.stringify(written(folder)))

function written(folder: string): WriterResult {
  try {
    return { text: writeAfter(folder, prompt, Number(characters)) }
  } catch (error) {
    return { error: errorText(error) }
  }
}
