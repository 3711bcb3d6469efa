// The inspector's page. scripts/inspector-page.ts builds it into one file; the agent serves that.
import { render } from 'preact'
import { App } from './app.tsx'
import { takeToken } from './session.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'

takeToken()
const root = document.getElementById('app')
if (root) render(<App />, root)
