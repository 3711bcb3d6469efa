// A plot of the last minutes, drawn by uPlot in the page's colours.
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

export interface Line {
  readonly label: string
  /** A custom property of the style sheet. */
  readonly colour: string
  readonly values: readonly (number | null)[]
  readonly isFilled?: boolean
}

interface Properties {
  readonly title: string
  /** Seconds before now, the oldest first. */
  readonly agoS: readonly number[]
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
}

const height = 170

export function Plot({ title, agoS, lines, format }: Properties): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const isDark = useDark()
  const data: uPlot.AlignedData = [
    agoS.map((ago) => -ago),
    ...lines.map(({ values }) => [...values]),
  ]
  const latest = useRef(data)
  latest.current = data
  useEffect(() => {
    const element = host.current
    if (!element) return
    const drawn = new uPlot(optionsOf(element, lines, format), latest.current, element)
    plot.current = drawn
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      drawn.destroy()
    }
  }, [isDark])
  useEffect(() => plot.current?.setData(data))
  return (
    <figure>
      <figcaption>
        <span>{title}</span>
        {lines.map(({ label, colour, values }) => (
          <span key={label} class="key">
            <i style={{ background: `var(${colour})` }} />
            {label} <b>{formatLast(values, format)}</b>
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={host} role="img" aria-label={title} />
    </figure>
  )
}

/** The newest that is over, or else the newest. */
function formatLast(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.at(-2) ?? values.at(-1)
  return last == null ? '–' : format(last)
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const font = `11px ${style.fontFamily}`
  const axis = {
    stroke: colour('--muted'),
    font,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, niceMost(most)] } },
    axes: [
      { ...axis, size: 26, incrs: [60, 120, 300], values: (_plot, ticks) => ticks.map(formatAgo) },
      { ...axis, size: 62, values: (_plot, ticks) => ticks.map(format), space: 40 },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, isFilled }): uPlot.Series => ({
        label,
        stroke: colour(name),
        width: 1.5,
        points: { show: false },
        ...(isFilled === true && { fill: `${colour(name)}22` }),
      })),
    ],
  }
}

/** Never an axis without height. */
function niceMost(most: number | null): number {
  return most === null || most <= 0 ? 1 : most * 1.1
}

function formatAgo(at: number): string {
  return at === 0 ? 'now' : `−${-at / 60} min`
}

function useDark(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)')
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const onChange = (): void => setDark(query.matches)
    query.addEventListener('change', onChange)
    return () => query.removeEventListener('change', onChange)
  }, [])
  return isDark
}
