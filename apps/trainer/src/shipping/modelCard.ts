import { type FrozenChoice, isFiniteMeasure, ownValue } from '@bestmark/core'
import { isMap, parseDocument, stringify } from 'yaml'

/** The decision that a model card reports, and the model that it is about. */
export interface CardFacts {
  model_name: string
  choice: FrozenChoice
  /** Facts about the model from its own configuration; null if it has none. */
  architecture: string | null
}

/** The task of a model on the Hugging Face Hub, by the last part of its class's name. */
const TASKS = {
  CausalLM: 'text-generation',
  ConditionalGeneration: 'text2text-generation',
  SequenceClassification: 'text-classification',
  TokenClassification: 'token-classification',
  QuestionAnswering: 'question-answering',
  MaskedLM: 'fill-mask',
  ImageClassification: 'image-classification',
  ObjectDetection: 'object-detection',
  SemanticSegmentation: 'image-segmentation',
  CTC: 'automatic-speech-recognition',
  AudioClassification: 'audio-classification',
}
/** The Hub asks for a task and a data set. What the run does not say is not guessed. */
const UNKNOWN = 'unknown'

/**
 * The `model-index` of a model card in YAML, as the Hugging Face Hub defines it; undefined if the
 * checkpoint has no finite value of the deciding metric.
 */
export function modelIndex({ model_name, choice, architecture }: CardFacts): string | undefined {
  const { metric, value } = choice
  if (metric === null || !isFiniteMeasure(value)) return undefined
  const kind = /For(\w+)$/.exec(architecture ?? '')?.[1] ?? ''
  const result = {
    task: { type: ownValue(TASKS, kind) ?? UNKNOWN },
    dataset: { type: UNKNOWN, name: UNKNOWN },
    metrics: [{ type: metric, name: metric, value }],
  }
  return stringify({ 'model-index': [{ name: model_name, results: [result] }] })
}

const FRONT_MATTER = /^---\r?\n([\s\S]*?)(?<=\n)---[ \t]*(?:\r?\n|$)/

/**
 * A model card with the index in its front matter; undefined if it has an index already, or if its
 * front matter is no YAML mapping.
 */
export function cardWith(card: string, index: string): string | undefined {
  const matter = FRONT_MATTER.exec(card)
  if (!matter) return `---\n${index}---\n${card}`
  const [all, inside = ''] = matter
  const document = parseDocument(inside)
  const isEmpty = document.contents === null
  if (document.errors.length > 0 || !(isEmpty || isMap(document.contents))) return undefined
  if (document.has('model-index')) return undefined
  return `---\n${inside}${index}---\n${card.slice(all.length)}`
}
