import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { iamPolicy, statementsFor } from './iam-policy.ts'

/** Which request each waiter repeats. */
const waiters: Readonly<Record<string, string>> = {
  InstanceTerminated: 'DescribeInstances',
  ResourceRecordSetsChanged: 'GetChange',
}

/** Every action that the sources can ask for, as IAM names it. */
function importedActions(): Set<string> {
  const found = new Set<string>()
  for (const path of globSync(`${import.meta.dirname}/**/*.ts`)) {
    const imports = readFileSync(path, 'utf8').matchAll(
      /import \{([^}]*)\} from '@aws-sdk\/client-(ec2|route-53)'/g,
    )
    for (const [, names = '', service] of imports) {
      for (const name of names.split(',').map((one) => one.trim())) {
        const [, command, page, waiter] =
          /^(?:(\w+)Command|paginate(\w+)|waitUntil(\w+))$/.exec(name) ?? []
        const action = command ?? page ?? (waiter && (waiters[waiter] ?? `unknown ${waiter}`))
        if (action) found.add(`${service === 'ec2' ? 'ec2' : 'route53'}:${action}`)
      }
    }
  }
  return found
}

const allowed = iamPolicy({ recordName: 'tunnel.example.com' }).Statement.flatMap(
  (one) => one.Action,
)

test('iam policy: allows every request that the sources can make, and no other', () => {
  const imported = importedActions()
  assert.ok(imported.size > 20, 'the sources were found')
  // Tags are set by the creating requests; no source asks for CreateTags by itself.
  const expected = [...imported, 'ec2:CreateTags'].toSorted()
  assert.deepEqual([...new Set(allowed)].toSorted(), expected)
})

test('iam policy: docs/aws.md lists the same', () => {
  const page = readFileSync(`${import.meta.dirname}/../../../docs/aws.md`, 'utf8')
  const [section = ''] = /^## 3\.[^]*?(?=^## 4\.)/m.exec(page) ?? []
  const listed = Array.from(section.matchAll(/`(\w+:\w+)`/g), ([, action = '']) => action)
  const named = listed.filter((action) => action !== 'iam:PassRole')
  assert.deepEqual(named.toSorted(), [...new Set(allowed)].toSorted())
})

test('iam policy: whatever changes something is bound to our tag or to our names', () => {
  const { Statement } = iamPolicy({ recordName: 'tunnel.example.com' })
  const changing =
    /:(Run|Create|Allocate|Terminate|Delete|Release|Associate|Dis|Auth|Revoke|Change)/
  const free = Statement.filter((one) => one.Condition === undefined).flatMap((one) =>
    one.Action.filter((action) => changing.test(action)).map((action) => `${one.Sid} ${action}`),
  )
  // These name what exists beside the new thing, which the statement before binds.
  assert.deepEqual(free, [
    'LaunchFromWhatExists ec2:RunInstances',
    'GroupInNetwork ec2:CreateSecurityGroup',
  ])
})

test('iam policy: names are written as Route 53 compares them', () => {
  const text = JSON.stringify(iamPolicy({ recordName: 'tunnel.example.com' }))
  assert.match(text, /"tunnel\.example\.com","\\\\052\.tunnel\.example\.com"/)
})

test('iam policy: CAA records only where one is written', () => {
  const recordName = 'tunnel.example.com'
  assert.doesNotMatch(JSON.stringify(iamPolicy({ recordName })), /CAA/)
  const text = JSON.stringify(iamPolicy({ recordName, hasCaa: true }))
  assert.match(text, /RecordTypes":\["A","AAAA","CAA","TXT"\]/)
})

test('iam policy: without a name in Route 53 there is no Route 53 in it, and never PassRole', () => {
  const text = JSON.stringify(iamPolicy({}))
  assert.doesNotMatch(text, /route53|PassRole/)
})

test('iam policy: every action that a message may name finds all of its statements', () => {
  const sources = globSync(`${import.meta.dirname}/**/*.ts`).filter(
    (path) => !/test.ts$/.test(path),
  )
  const named = sources.flatMap((path) =>
    Array.from(
      readFileSync(path, 'utf8').matchAll(
        /(?:explain|translateAwsError|prove)\([^)]*?'(\w+:\w+)'/g,
      ),
      ([, action = '']) => action,
    ),
  )
  assert.ok(new Set(named).size > 15, 'the sources were found')
  for (const action of named) assert.ok(statementsFor(action).length > 0, action)
  assert.deepEqual(
    statementsFor('ec2:RunInstances').map((one) => one.Sid),
    ['CreateOnlyMarked', 'LaunchFromWhatExists'],
  )
})
