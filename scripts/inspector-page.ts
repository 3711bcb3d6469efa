// The inspector's page as one file of HTML, with script and style inside: Preact, uPlot and our own,
// nothing fetched from anywhere. Equal sources give equal bytes.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const entry = fileURLToPath(new URL('../packages/agent/inspector-page/main.tsx', import.meta.url))

/** Where the agent looks for it (packages/agent/src/inspector/server/page.ts). */
export const inspectorPagePath = fileURLToPath(
  new URL('../packages/agent/dist/inspector-page.html', import.meta.url),
)

export async function buildInspectorPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    outdir: dirname(inspectorPagePath),
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    logLevel: 'error',
  })
  const text = (extension: string): string =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport inspector</title>
<link rel="icon" href="${icon}">
<style>${text('.css')}</style>
</head>
<body>
<div id="app"></div>
<script type="module">${text('.js')}</script>
</body>
</html>
`
}

/** The arch of the header. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%232a8f8a' d='M2 15V7a6 6 0 0 1 12 0v8h-3.2V7.6a2.8 2.8 0 0 0-5.6 0V15z'/%3E%3C/svg%3E"

/** Builds it where the agent finds it; whoever reads meanwhile sees the old one or the new one. */
export async function writeInspectorPage(): Promise<number> {
  const html = await buildInspectorPage()
  await mkdir(dirname(inspectorPagePath), { recursive: true })
  const draft = `${inspectorPagePath}.${process.pid}`
  await writeFile(draft, html)
  await rename(draft, inspectorPagePath)
  return Buffer.byteLength(html)
}
