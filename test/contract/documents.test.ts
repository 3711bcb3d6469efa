// What documents point to exists, and what they repeat from elsewhere is equal to it.
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'node:test'
import { closeCodeOf, type ErrorCode, errorCodeOfClose, errorTable } from '@sallyport/protocol'
import { readRepositoryFile, repositoryFiles, sectionOf, tableRows } from '../support/repository.ts'
import { repositoryRoot } from '../support/run-program.ts'

const documents = repositoryFiles('*.md', '{docs,bench,examples}/**/*.md')
const sources = repositoryFiles('{packages,test,scripts,bench,examples}/**/*.{ts,mjs}')
const protocol = readRepositoryFile('docs/protocol.md')

/** The anchors that GitHub makes of a document's headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('documents: every relative link leads to a file, and to a heading in it', () => {
  assert.ok(documents.includes('README.md') && documents.includes('docs/protocol.md'))
  for (const path of documents) {
    for (const [, target = ''] of readRepositoryFile(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : normalize(join(dirname(path), file))
      assert.ok(existsSync(join(repositoryRoot, linked)), `${path}: no ${linked}`)
      if (anchor === undefined) continue
      assert.ok(anchorsOf(readRepositoryFile(linked)).has(anchor), `${path}: no ${target}`)
    }
  }
})

test('documents: every section of docs/protocol.md that code cites exists', () => {
  const sections = new Set(
    [...protocol.matchAll(/^#+ (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number),
  )
  let cited = 0
  for (const path of [...sources, ...documents]) {
    for (const [, number] of readRepositoryFile(path).matchAll(/protocol\.md §(\d+(?:\.\d+)?)/g)) {
      assert.ok(sections.has(number), `${path} cites docs/protocol.md §${number}`)
      cited++
    }
  }
  assert.ok(cited > 10, 'the citations are no longer found')
})

test('documents: the close codes of docs/protocol.md §9 are those of the code', () => {
  const rows = tableRows(sectionOf(protocol, '## 9. Close codes'), 3).filter(
    ([code]) => code !== 'code',
  )
  const named = Object.keys(errorTable).filter((code): code is ErrorCode => {
    const number = closeCodeOf(code as ErrorCode)
    return errorCodeOfClose(number) === code
  })
  assert.deepEqual(
    rows.map(([number, code]) => [code, Number(number)]),
    named.map((code) => [code, closeCodeOf(code)] as const).sort((one, other) => one[1] - other[1]),
  )
})

/** The part of a package.json that tests read. */
interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const readManifest = (path: string) => JSON.parse(readRepositoryFile(path)) as Manifest

test('documents: docs/dependencies.md lists what the manifests name, in the same versions', () => {
  const used = new Set<string>()
  for (const path of ['package.json', ...repositoryFiles('packages/*/package.json')]) {
    const { dependencies, devDependencies, optionalDependencies } = readManifest(path)
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies }
    for (const [name, version] of Object.entries(all)) {
      if (version === 'workspace:*') continue
      assert.match(version, /^\d+\.\d+\.\d+$/, `${path}: ${name} is not pinned exactly`)
      used.add(`${name} ${version}`)
    }
  }
  const text = readRepositoryFile('docs/dependencies.md')
  const listed = [...text.matchAll(/^\| `([^`]+)` \| ([\d.]+)/gm)]
  assert.deepEqual(listed.map(([, name, version]) => `${name} ${version}`).sort(), [...used].sort())
})

/** The lines of all `sh` blocks. */
function shellLines(): readonly { readonly path: string; readonly line: string }[] {
  return documents.flatMap((path) =>
    [...readRepositoryFile(path).matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
      block
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ path, line: line.replace(/\s+# .*$/, '') })),
    ),
  )
}

test('documents: commands in documents name scripts, programs and flags that exist', () => {
  const scripts = readManifest('package.json').scripts ?? {}
  const flags = readRepositoryFile('docs/configuration.md')
  const lines = shellLines()
  assert.ok(lines.length > 8, 'the commands are no longer found')
  for (const { path, line } of lines) {
    const [, run, test] = /^npm (?:run (\S+)|(test))/.exec(line) ?? []
    const script = run ?? test
    if (script !== undefined) {
      assert.ok(Object.hasOwn(scripts, script), `${path}: npm has no script ${script}`)
      continue
    }
    const program = /node_modules\/\.bin\/(\S+)/.exec(line)?.[1]
    if (program !== undefined) {
      const bin = join(repositoryRoot, 'node_modules/.bin', program)
      assert.ok(statSync(bin, { throwIfNoEntry: false }), `${path}: no program ${program}`)
    } else {
      const file = /^bash (\S+)/.exec(line)?.[1]
      assert.ok(file && existsSync(join(repositoryRoot, file)), `${path}: what is ${line}`)
    }
    if (program !== 'relay' && program !== 'agent') continue
    for (const [flag] of line.matchAll(/(?<=\s)-{1,2}[a-zA-Z][\w-]*/g)) {
      assert.match(
        flags,
        new RegExp(`\`${flag}[\` ]`),
        `${path}: docs/configuration.md knows no ${flag}`,
      )
    }
  }
})
