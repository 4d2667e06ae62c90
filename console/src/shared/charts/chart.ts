import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, CanvasRenderer])

export interface Series {
  name: string
  values: (number | null)[]
  /** A compared time: thinner and dashed. */
  before?: boolean
}

export interface Drawing {
  names: string[]
  series: Series[]
  shape: 'bar' | 'line'
  text: (value: number) => string
}

const PALETTE = ['--hl-accent', '--hl-busy', '--hl-warn', '--hl-bad', '--hl-good', '--hl-text-soft']

export function begin(element: HTMLElement): EChartsType {
  return init(element, null, { renderer: 'canvas' })
}

/** Return what ECharts draws, in the colours of the page. */
export function optionOf({ names, series, shape, text }: Drawing): EChartsCoreOption {
  const style = getComputedStyle(document.documentElement)
  const tone = (name: string) => style.getPropertyValue(name).trim()
  const words = { color: tone('--hl-text-soft'), fontFamily: getComputedStyle(document.body).fontFamily }
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    animation: !still,
    animationDuration: 250,
    color: PALETTE.map(tone),
    textStyle: words,
    grid: { left: 8, right: 16, top: series.length > 1 ? 36 : 16, bottom: 4, containLabel: true },
    legend: { show: series.length > 1, type: 'plain', top: 0, textStyle: words, icon: 'roundRect', itemWidth: 14, itemHeight: 4 },
    // The policy of the pages allows no style in the page: a tooltip of HTML would break it.
    tooltip: { trigger: 'axis', renderMode: 'richText', valueFormatter: (value: unknown) => (typeof value === 'number' ? text(value) : '–') },
    xAxis: { type: 'category', data: names, axisLine: { lineStyle: { color: tone('--hl-line-strong') } }, axisLabel: words, axisTick: { show: false } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: tone('--hl-line') } }, axisLabel: { ...words, formatter: text } },
    series: series.map((one) => ({
      type: one.before ? 'line' : shape,
      name: one.name,
      data: one.values,
      barMaxWidth: 28,
      symbol: 'circle',
      symbolSize: 5,
      ...(one.before ? { lineStyle: { type: 'dashed', color: tone('--hl-line-strong'), width: 2 }, itemStyle: { color: tone('--hl-line-strong') } } : {}),
    })),
  }
}
