// The lint rules that hold the architecture are seen to fire: every forbidden edge is written down
// as a file in a copy of the layout, and oxlint has to name each of them, and no permitted one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { repositoryRoot } from '../support/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const packages = [
  'protocol',
  'mux',
  'settings',
  'acme',
  'relay',
  'agent',
  'provisioner',
  'sallyport',
] as const
type Package = (typeof packages)[number]

/** ARCHITECTURE.md "Who may import whom". */
const mayImport: Readonly<Record<Package, readonly Package[]>> = {
  protocol: [],
  mux: ['protocol'],
  settings: ['protocol'],
  acme: ['protocol'],
  relay: ['protocol', 'mux', 'settings', 'acme'],
  agent: ['protocol', 'mux', 'settings', 'acme'],
  provisioner: ['protocol', 'acme', 'agent'],
  sallyport: ['relay', 'agent', 'provisioner'],
}

const nameOf = (name: Package) => (name === 'sallyport' ? name : `@sallyport/${name}`)

/** One file of the copy: where it lies, what it says, and whether lint has to object. */
interface Sample {
  readonly path: string
  readonly code: string
}

/** Runs oxlint with the repository's configuration over the samples: the rules that fired, by path. */
async function lint(samples: readonly Sample[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  await using directory = await temporaryDirectory()
  copyFileSync(join(repositoryRoot, '.oxlintrc.json'), directory.join('.oxlintrc.json'))
  symlinkSync(join(repositoryRoot, 'node_modules'), directory.join('node_modules'))
  writeFileSync(directory.join('tsconfig.json'), '{"compilerOptions": {"types": ["node"]}}')
  for (const { path, code } of samples) {
    mkdirSync(dirname(directory.join(path)), { recursive: true })
    writeFileSync(directory.join(path), `${code}\n`)
  }
  const oxlint = join(repositoryRoot, 'node_modules/.bin/oxlint')
  const result = spawnSync(oxlint, ['--format', 'unix', 'packages'], {
    cwd: directory.path,
    encoding: 'utf8',
    timeout: 30_000,
  })
  const fired = new Map<string, Set<string>>()
  for (const [, path = '', rule = ''] of result.stdout.matchAll(
    /^(\S+?):\d+:.*\[Error\/(\S+)\]$/gm,
  )) {
    fired.set(path, (fired.get(path) ?? new Set()).add(rule))
  }
  const failed = result.status === 1
  assert.equal(
    failed,
    fired.size > 0,
    `exit ${String(result.status)}: ${result.stdout}${result.stderr}`,
  )
  return fired
}

/** A sample, with the rule that has to fire in it. */
interface BadSample extends Sample {
  readonly rule: string
}

/** Asserts that in each of the samples its rule fires. */
async function assertFires(samples: readonly BadSample[]): Promise<void> {
  const fired = await lint(samples)
  const silent = samples.filter(({ path, rule }) => fired.get(path)?.has(rule) !== true)
  assert.deepEqual(silent, [], 'lint is silent about these')
}

const importRule = 'eslint(no-restricted-imports)'
const badImports = (samples: readonly Sample[]) =>
  assertFires(samples.map((sample) => ({ ...sample, rule: importRule })))

test('layering: no package imports one that is not below it, by name, path or subpath', async () => {
  const samples: Sample[] = []
  for (const from of packages) {
    for (const to of packages.filter((name) => name !== from && !mayImport[from].includes(name))) {
      const ways = {
        name: `import '${nameOf(to)}'`,
        type: `import type { X } from '${nameOf(to)}'\nexport type Y = X`,
        export: `export * from '${nameOf(to)}'`,
        dynamic: `export const load = () => import('${nameOf(to)}')`,
        subpath: `import '${nameOf(to)}/src/index.ts'`,
      }
      for (const [way, code] of Object.entries(ways)) {
        samples.push({ path: `packages/${from}/src/${to}-by-${way}.ts`, code })
      }
      samples.push({ path: `packages/${from}/src/${to}/cli.ts`, code: ways.name })
      samples.push({ path: `packages/${from}/src/${to}.test.ts`, code: ways.name })
    }
  }
  await badImports(samples)
})

test('layering: no package reaches into another by a relative path, its lower ones included', async () => {
  const samples: Sample[] = []
  for (const from of packages) {
    for (const to of packages.filter((name) => name !== from)) {
      samples.push(
        { path: `packages/${from}/src/${to}-a.ts`, code: `import '../../${to}/src/index.ts'` },
        { path: `packages/${from}/src/x/${to}-b.ts`, code: `import '../../../${to}/dist/a.js'` },
        { path: `packages/${from}/src/${to}-c.ts`, code: `export * from './../../${to}/src/a.ts'` },
        { path: `packages/${from}/src/${to}.test.ts`, code: `import '../../${to}/src/index.ts'` },
      )
    }
  }
  await badImports(samples)
})

test('layering: the inside of a lower package is out of reach, its public entry is not', async () => {
  const inside: Sample[] = []
  const permitted: Sample[] = []
  for (const from of packages) {
    for (const to of mayImport[from]) {
      inside.push({
        path: `packages/${from}/src/${to}.ts`,
        code: `import '${nameOf(to)}/src/a.ts'`,
      })
      permitted.push({ path: `packages/${from}/src/${to}.ts`, code: `import '${nameOf(to)}'` })
    }
    const code = `import './agent/own-file.ts'\nimport '../package.json'`
    permitted.push({ path: `packages/${from}/src/own.ts`, code })
    const support = `import '../../../test/support/deadline.ts'`
    permitted.push({ path: `packages/${from}/src/own.test.ts`, code: support })
  }
  await badImports(inside)
  assert.deepEqual(await lint(permitted), new Map())
})

test('layering: protocol does no I/O', async () => {
  const modules = [
    'net',
    'tls',
    'http',
    'https',
    'http2',
    'fs',
    'fs/promises',
    'dgram',
    'dns',
    'stream',
  ]
  const forbidden = [...modules.map((name) => `node:${name}`), 'fs', 'net', 'ws', 'node:process']
  const sample = (name: string, file: string) => ({
    path: `packages/protocol/src/${file}-${name.replace(/\W/g, '-')}.ts`,
    code: `import '${name}'`,
  })
  await badImports(forbidden.map((name) => sample(name, 'bad')))
  const allowed = ['node:crypto', 'node:buffer', 'node:util', 'zod'].map((name) =>
    sample(name, 'good'),
  )
  assert.deepEqual(await lint(allowed), new Map())
})

test('layering: only cli.ts reads the process, prints or exits', async () => {
  const uses = {
    'node(no-process-env)': `export const path = process.env['PATH']`,
    'unicorn(no-process-exit)': `process.exit(1)`,
    'eslint(no-console)': `console.log('x')`,
    'eslint(no-restricted-globals)': `export const where = globalThis.process.cwd()`,
    [importRule]: `import { argv } from 'node:process'\nexport const args = argv`,
  }
  const samples = packages.flatMap((name) =>
    Object.entries(uses).map(([rule, code]) => ({
      path: `packages/${name}/src/${rule.replace(/\W+/g, '-')}x.ts`,
      code,
      rule,
    })),
  )
  await assertFires(samples)
  const { [importRule]: _, ...permitted } = uses
  const programs = packages.map((name) => ({
    path: `packages/${name}/src/cli.ts`,
    code: Object.values(permitted).join('\n'),
  }))
  assert.deepEqual(await lint(programs), new Map())
})

test('lint: objects to default exports, long files, lost promises and secrets in templates', async () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `// why\n\nexport const x${index} = ${index}`).join(
      '\n',
    )
  const inMux = (name: string, rule: string, code: string) => ({
    path: `packages/mux/src/${name}.ts`,
    rule,
    code,
  })
  await assertFires([
    inMux('default', 'import(no-default-export)', 'export default 1'),
    inMux('long', 'eslint(max-lines)', lines(301)),
    inMux(
      'lost',
      'typescript(no-floating-promises)',
      `async function send(): Promise<void> {}\nexport function go(): void {\n  send()\n}`,
    ),
    inMux(
      'secret',
      'typescript(restrict-template-expressions)',
      `export const say = (token: { reveal(): string }) => \`token \${token}\``,
    ),
  ])
  assert.deepEqual(await lint([inMux('long', '', lines(300))]), new Map())
})
