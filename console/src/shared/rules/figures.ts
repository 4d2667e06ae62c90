import { useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { api, data, type Schemas } from '@/shared/api/client'
import { clockText } from '@/shared/ui/now'

export type Figure = Schemas['Figure']

/** Definitions of all figures: names, formulas and units. */
export function useFigures(of: () => keyof Schemas['FigureDefinitions']) {
  const found = useQuery({ key: ['figure-definitions'], query: () => data(api.GET('/api/v1/figure-definitions')), staleTime: Number.POSITIVE_INFINITY })
  return computed<readonly Figure[]>(() => found.data.value?.[of()] ?? [])
}

/** Return a figure as people read it. */
export function figureText(figure: Pick<Figure, 'unit'>, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (figure.unit === 'percent') return `${value.toFixed(1)} %`
  if (figure.unit === 'number') return value.toFixed(1)
  return figure.unit === 'milliseconds' ? clockText(value) : value.toLocaleString()
}
