/** DETR logs COCO's evaluation as twelve numbers. The first is the average precision. */
const COCO = /coco_eval/
const HOLDERS = /^(data|metrics|scalars|values|logs|results)$/

/** Whether the name of a field is not part of the metrics in it. */
export function isHolder(name: string): boolean {
  return HOLDERS.test(name)
}

/** Flattens nested objects by one level. Numbers may be in quotes. */
export function flatFields(
  record: Readonly<Record<string, unknown>>,
): [name: string, value: unknown][] {
  return Object.entries(record).flatMap(([name, value]): [string, unknown][] => {
    if (Array.isArray(value)) return COCO.test(name) ? [[`${name}/AP`, value[0]]] : []
    if (typeof value === 'object' && value !== null) {
      const before = isHolder(name) ? '' : `${name}/`
      return Object.entries(value).map(([inner, one]) => [`${before}${inner}`, numberOf(one)])
    }
    return [[name, numberOf(value)]]
  })
}

function numberOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return Number.isNaN(number) && !/^nan$/i.test(value.trim()) ? undefined : number
}
