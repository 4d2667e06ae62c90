import type { Schemas } from '@/shared/api/client'

type Category = Schemas['CategoryView']

export interface CategoryGroup {
  id: string
  name: string
  categories: Category[]
}

/** Return the causes of a kind that are in use, under their topmost cause; one without causes below it stands for itself. */
export function grouped(all: readonly Category[], kind: Schemas['TicketKind']): CategoryGroup[] {
  const byId = new Map(all.map((one) => [one.id, one]))
  const top = (one: Category): Category => {
    const above = one.parent_id === null ? undefined : byId.get(one.parent_id)
    return above === undefined ? one : top(above)
  }
  const groups = new Map<string, CategoryGroup>()
  for (const one of all) {
    if (!one.active || !one.fits.includes(kind)) continue
    const { id, name } = top(one)
    const group = groups.get(id) ?? { id, name, categories: [] }
    if (one.id !== id) group.categories.push(one)
    groups.set(id, group)
  }
  for (const group of groups.values()) {
    const itself = byId.get(group.id)
    if (group.categories.length === 0 && itself !== undefined) group.categories.push(itself)
  }
  return [...groups.values()]
}
