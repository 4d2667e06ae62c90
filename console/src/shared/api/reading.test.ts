import { defineComponent, h } from 'vue'
import { useInfiniteQuery, useQuery } from '@pinia/colada'
import { expect, it, vi } from 'vitest'
import { show } from '../testing/service'
import { useReadAgain, useTurns } from './reading'

it('reads lists again, and a list that cannot be read is no failure of what was done', async () => {
  const query = vi.fn(async () => [] as string[])
  let readAgain = async (): Promise<void> => {}
  const page = show(
    defineComponent(() => {
      useQuery({ key: ['tickets', 'all'], query })
      readAgain = useReadAgain('tickets')
      return () => h('p')
    }),
    {},
  )
  await vi.waitFor(() => expect(query).toHaveBeenCalledTimes(1))
  await readAgain()
  expect(query).toHaveBeenCalledTimes(2)
  query.mockRejectedValueOnce(new Error('the session is over'))
  await readAgain()
  expect(query).toHaveBeenCalledTimes(3)
  page.unmount()
})

it('loses no page that is on its way when the list is read again, and no news for a page', async () => {
  const asked: (number | null)[] = []
  const held: (() => void)[] = []
  const query = ({ pageParam }: { pageParam: number | null }) => {
    asked.push(pageParam)
    return new Promise<number[]>((resolve) => held.push(() => resolve([pageParam ?? 0])))
  }
  let pages: { loadNextPage: () => Promise<unknown>; data: { value: { pages: number[][] } | undefined } } | undefined
  let [readAgain, inTurn] = [async (): Promise<void> => {}, (step: () => Promise<unknown>) => step()]
  const page = show(
    defineComponent(() => {
      pages = useInfiniteQuery<number[], Error, number | null>({ key: ['tickets', 'list'], initialPageParam: null, query, getNextPageParam: (last) => (last[0] ?? 0) + 1 })
      readAgain = useReadAgain('tickets')
      inTurn = useTurns('tickets')
      return () => h('p')
    }),
  )
  const answered = async (count: number) => {
    await vi.waitFor(() => expect(asked).toHaveLength(count))
    held[count - 1]?.()
  }
  await answered(1)
  await vi.waitFor(() => expect(pages?.data.value?.pages).toHaveLength(1))
  const both = Promise.all([inTurn(() => pages?.loadNextPage() ?? Promise.resolve()), readAgain()])
  for (const count of [2, 3, 4]) await answered(count)
  await both
  expect(asked).toEqual([null, 1, null, 1])
  expect(pages?.data.value?.pages).toEqual([[0], [1]])
  page.unmount()
})
