import ts from 'typescript'

const MESSAGE =
  'Every object inherits constructor, toString and more, and a name from a run may be one of them. ' +
  'Read with ownValue, write with setOwn, ask with Object.hasOwn, or use a Map.'

/**
 * Refuses `record[name]` and `name in record` if any string may be a key of the record. A name such
 * as `constructor` would find what every object inherits.
 */
export const namedRecords = {
  meta: { type: 'problem', schema: [], messages: { inherited: MESSAGE } },
  create(context) {
    const services = context.sourceCode.parserServices
    // JavaScript outside every TypeScript project has no types.
    if (!services?.program) return {}
    const checker = services.program.getTypeChecker()

    const partsOf = (type) => (type.isUnion() ? type.types : [type])
    const isAnyString = (node) =>
      partsOf(services.getTypeAtLocation(node)).some(({ flags }) => flags & ts.TypeFlags.String)
    const isKeyedByNames = (node) =>
      partsOf(checker.getApparentType(services.getTypeAtLocation(node))).some(
        (type) => type.getStringIndexType() && type.symbol?.name !== 'ProcessEnv',
      )
    const check = (node, record, name) => {
      if (isAnyString(name) && isKeyedByNames(record))
        context.report({ node, messageId: 'inherited' })
    }

    return {
      MemberExpression: (node) => {
        if (node.computed && node.property.type !== 'Literal')
          check(node, node.object, node.property)
      },
      BinaryExpression: (node) => {
        if (node.operator === 'in' && node.left.type !== 'Literal')
          check(node, node.right, node.left)
      },
    }
  },
}
