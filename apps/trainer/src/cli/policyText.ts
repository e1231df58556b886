import type { PolicyChoice } from '@bestmark/core'

/** Describes a policy and its options in one phrase. */
export function policyText({ policy, options }: PolicyChoice): string {
  const { metric, direction, undeclared, prefer, subject_to, coefficients, min_delta } = options
  const decides = metric === undefined ? '' : ` ${metric}${direction ? ` (${direction})` : ''}`
  const parts = [
    `${policy}${decides}`,
    undeclared ? `${undeclared.metric} for runs that declare no metric` : '',
    prefer ? `the ${prefer} checkpoint within the noise` : '',
    ...(subject_to ?? []).map(({ metric, relation, bound }) => `${metric} ${relation} ${bound}`),
    coefficients
      ? Object.entries(coefficients)
          .map(([name, coefficient]) => `${name}=${coefficient}`)
          .join(' ')
      : '',
    min_delta === undefined ? '' : `improvements larger than ${min_delta}`,
  ]
  return parts.filter(Boolean).join(', ')
}
