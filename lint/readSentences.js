const MESSAGE =
  'A sentence is for people: no program reads it. Give a code or a field beside it and ask that.'

/** Names that hold sentences in this code. */
const SENTENCES =
  /^(why|why_not|reason|remark|summary|sentence|decided|declared_by|files_why|problem)$/
/** Methods that look into a text. */
const READS = new Set(
  'startsWith endsWith includes indexOf match matchAll search replace replaceAll'.split(' '),
)

/** Whether a side of a comparison is a sentence, written out or as a constant. */
function isText(node) {
  if (node.type === 'Identifier') return /^[A-Z][A-Z_]+$/.test(node.name)
  return node.type === 'Literal' && typeof node.value === 'string' && node.value.includes(' ')
}

/**
 * Refuses to read a text whose name says that it is a sentence, as in `why.startsWith(…)`,
 * `why === DAMAGED` and `old.why === now.why`.
 */
export const readSentences = {
  meta: { type: 'problem', schema: [], messages: { read: MESSAGE } },
  create(context) {
    const nameOf = (node) => (node.type === 'MemberExpression' ? node.property.name : node.name)
    const isSentence = (node) => SENTENCES.test(nameOf(node) ?? '')
    return {
      BinaryExpression: (node) => {
        const isComparison = node.operator === '===' || node.operator === '!=='
        const isRead = isText(node.right) || isSentence(node.right)
        if (isComparison && isSentence(node.left) && isRead)
          context.report({ node, messageId: 'read' })
      },
      CallExpression: (node) => {
        const { callee } = node
        if (callee.type !== 'MemberExpression') return
        const read = READS.has(callee.property.name) && isSentence(callee.object)
        const isPattern = /^(test|exec)$/.test(callee.property.name ?? '')
        const [text] = node.arguments
        if (read || (isPattern && text && isSentence(text)))
          context.report({ node, messageId: 'read' })
      },
    }
  },
}
