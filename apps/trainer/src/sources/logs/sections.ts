import { stripVTControlCharacters } from 'node:util'
import { type BarState, emptyBars, endBars, readBarValues } from './barValues.ts'
import { type Block, emptyBlock, endBlock, readBlockLine } from './blocks.ts'
import { announcesBest, readBoostedLine } from './boostedLines.ts'
import { cocoKind, type CocoTable, noCocoTable, readCocoLine, readCocoTable } from './cocoLines.ts'
import { type ComposerState, emptyComposer, readComposerLine } from './composerLines.ts'
import { type Brackets, noBrackets, readBracketLine } from './bracketLines.ts'
import { numberIn } from '../../files/csv.ts'
import { type LogRecord, EMPTY_RECORD } from './logRecord.ts'
import { type LastCount, rememberCount, readUncountedLine, savesBest } from './uncountedLines.ts'
import { readBar, readKerasBar } from './progressBars.ts'
import { isTimmBest, readTimmLine } from './timmLines.ts'
import { bareText, countsIn, isTrainerRow, readCountedLine } from './textLines.ts'
import { splitByKind } from './logRecord.ts'
import { readOpenClipLine } from './openClipLines.ts'
import { readOpenMmLine } from './openMmLines.ts'
import { readYoloRow } from './yoloRows.ts'

/** Earlier lines that a line depends on. Plain data, because it is stored in the cursor. */
export interface Section {
  epoch: number | null
  total_epochs: number | null
  /** The columns of a text table: first and last character, and name. */
  columns: [from: number, to: number, name: string][]
  /** Whether it is a log of nnU-Net, which has one value per line. */
  isNnUnet: boolean
  /** Whether the next line repeats the best iteration. */
  isBest: boolean
  last: LastCount
  bars: BarState
  composer: ComposerState
  block: Block
  brackets: Brackets
  /** The kind of outputs that COCO's summary is about. */
  coco: string
  coco_table: CocoTable
}

export function emptySection(): Section {
  const last = { step: null, epoch: null, isValidated: false }
  const nothing = { epoch: null, total_epochs: null, columns: [], isNnUnet: false, isBest: false }
  const parts = {
    bars: emptyBars(),
    composer: emptyComposer(),
    block: emptyBlock(),
    brackets: noBrackets(),
    coco: 'coco',
    coco_table: noCocoTable(),
  }
  return { ...nothing, last, ...parts }
}

/** Longer lines are data (characters). */
const LONGEST = 4000
const HEADING =
  /^(?:[\d\- :.,]+: )?epoch\s*:?\s*\[?(\d{1,9})(?:\s*\/\s*(\d{1,9}))?\]?(?:\s*\(\d+\/(\d{1,9})\))?:?$/i
const TIME = /^[\d\- :.,]+: /
const EMA = /new best EMA pseudo Dice: ([\d.]+)/i
const DICE = /^Pseudo dice \[(.*)\]$/
const ONE = /^(train_loss|val_loss) (-?[\d.]+|nan)$/
/** spaCy: `E    #       LOSS TOK2VEC  ENTS_F  SCORE`, then a line of dashes. */
const SPACY = /^E +# +.*SCORE *$/

/** Reads a line of a text log. What was drawn again on one line is split by carriage returns. */
export function readTextLines(section: Section, line: string): LogRecord[] {
  return line.split('\r').flatMap((part) => {
    const text = stripVTControlCharacters(part).replaceAll('\b', '')
    if (text.length > LONGEST) return []
    const composer = readComposerLine(section.composer, text)
    if (composer) return composer
    const bar = readBar(text.trim())
    if (!bar) return readTextLine(section, text) ?? []
    // A bar that counts epochs is drawn again when an epoch ends.
    if (bar.isOfEpochs && bar.values.length === 0) section.epoch = Math.min(bar.done + 1, bar.total)
    const ofBar = readBarValues(section.bars, bar, section)
    // Output of the program may follow the bar on its line.
    return [...ofBar, ...readTextLines(section, bar.rest)]
  })
}

/** The values that the end of the log completes: those of an open block and of the last epoch's bar. */
export function endSection({ block, bars }: Section): LogRecord[] {
  return [...endBlock(block), ...endBars(bars)]
}

/** Reads a text line, with the count of its heading, of itself or of an earlier line. */
function readTextLine(section: Section, line: string): LogRecord | LogRecord[] | undefined {
  const keras = section.epoch === null ? undefined : readKerasBar(line.trim())
  if (keras) return readBarValues(section.bars, keras, section)
  if (isTimmBest(line)) return undefined
  if (savesBest(line)) return { ...EMPTY_RECORD, saves_best: true }
  const boosted = readBoostedLine(line.trim())
  const isBest = boosted !== undefined && section.isBest
  section.isBest = announcesBest(line)
  if (boosted && isBest) return { ...EMPTY_RECORD, step: boosted.step, is_best: true }
  const whole = readWholeLine(section, line)
  if (whole) return whole
  const timm = readTimmLine(line.trim(), section.last.epoch)
  const openMm = readOpenMmLine(bareText(line), section.last)
  const known =
    boosted ?? timm ?? openMm ?? readOpenClipLine(line) ?? readSectionLine(section, line)
  const text = bareText(line)
  const record = known ?? readMarkedLine(line) ?? readBracketLine(section.brackets, text)
  if (!record) section.epoch = epochBegun(text) ?? section.epoch
  if (record) rememberCount(section.last, record)
  else if (section.epoch !== null && section.last.epoch !== section.epoch) {
    Object.assign(section.last, { step: null, epoch: section.epoch })
  }
  // The Trainer's rows count parts of epochs.
  return record ?? (isTrainerRow(line) ? undefined : readUncountedLine(section.last, line))
}

/** Words of a line about another epoch than the current one. */
const OTHER_EPOCH = /best|last|final|resum|load|from|restor|sav|total|max/i

/** The epoch of a line that only begins one: `Epoch: 01 | Epoch Time: 0m 10s`. */
function epochBegun(text: string): number | undefined {
  if (!/^epoch\b/i.test(text) || OTHER_EPOCH.test(text)) return undefined
  return countsIn(text).epoch ?? undefined
}

/** Reads a line with its own count. JoeyNMT marks an evaluation that is the best so far with a star. */
function readMarkedLine(line: string): LogRecord | undefined {
  const record = readCountedLine(line)
  return record && /\t\*\s*$/.test(line) ? { ...record, saves_best: true } : record
}

/** Reads a line that belongs to a block, a table without a head or COCO's summary. */
function readWholeLine(section: Section, line: string): LogRecord[] | undefined {
  const text = bareText(line)
  section.coco = cocoKind(text) ?? section.coco
  const isStamped = text.length < line.trim().length
  const block = readBlockLine(section.block, { text, last: section.last, isStamped })
  // A line that ends a block may be the heading of the next epoch.
  if (block && block.length > 0) return [...block, ...[readTextLine(section, line) ?? []].flat()]
  if (block) return block
  const record =
    readCocoLine(text, section.coco, section.last) ??
    readCocoTable(section.coco_table, line, section.last) ??
    readYoloRow(text)
  if (!record) return undefined
  rememberCount(section.last, record)
  return [record]
}

/**
 * Reads a line below a heading: the epochs of nnU-Net, or the table of spaCy.
 * Undefined for a line without metrics.
 */
function readSectionLine(section: Section, line: string): LogRecord | undefined {
  const heading = HEADING.exec(line.trim()) ?? HEADING.exec(bareText(line))
  if (heading) {
    const total = heading[2] ?? heading[3]
    section.epoch = Number(heading[1])
    section.total_epochs = total === undefined ? null : Number(total)
    section.isNnUnet ||= TIME.test(line)
    return undefined
  }
  if (SPACY.test(line)) section.columns = columnsOf(line)
  if (section.columns.length > 0) return spacyRow(section, line)
  if (section.epoch === null) return undefined
  const text = line.replace(TIME, '').trim()
  const pairs = section.isNnUnet ? nnUnetPairs(text) : []
  if (pairs.length === 0) return undefined
  const { epoch, total_epochs } = section
  return { ...EMPTY_RECORD, epoch, total_epochs, ...splitByKind(pairs) }
}

function nnUnetPairs(text: string): [string, number][] {
  const ema = EMA.exec(text)?.[1]
  if (ema !== undefined) return [['val_ema_pseudo_dice', Number(ema)]]
  const one = ONE.exec(text)
  if (one) return [[one[1] ?? '', numberIn(one[2]) ?? NaN]]
  const classes =
    DICE.exec(text)?.[1]
      // numpy 2 prints `np.float32(0.8)`.
      ?.replace(/np\.float\d+/g, '')
      .match(/-?\d+\.?\d*(?:e[-+]?\d+)?/g)
      ?.map(Number) ?? []
  if (classes.length === 0) return []
  return [['val_pseudo_dice', classes.reduce((sum, one) => sum + one, 0) / classes.length]]
}

function columnsOf(line: string): Section['columns'] {
  return [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => {
    return [match.index, match.index + match[0].length, match[0]]
  })
}

/** A row of spaCy's table; undefined for any other line. */
function spacyRow({ columns }: Section, line: string): LogRecord | undefined {
  const cells = [...line.matchAll(/\S+/g)]
  if (cells.length !== columns.length || !cells.every(([cell]) => /^-?[\d.]+$/.test(cell)))
    return undefined
  const values = new Map(columns.map(([, , name], index) => [name, Number(cells[index]?.[0])]))
  const pairs = [...values].flatMap(([name, value]): [string, number][] => {
    if (name === 'E' || name === '#') return []
    if (name.startsWith('LOSS ')) return [[`loss_${name.slice(5).toLowerCase()}`, value]]
    // All scores except the sum are in percent.
    return name === 'SCORE'
      ? [['eval_score', value]]
      : [[`eval_${name.toLowerCase()}`, Number((value / 100).toPrecision(12))]]
  })
  return {
    ...EMPTY_RECORD,
    step: values.get('#') ?? null,
    epoch: values.get('E') ?? null,
    ...splitByKind(pairs),
  }
}
