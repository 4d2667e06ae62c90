import { defineComponent, h } from 'vue'
import { useQuery } from '@pinia/colada'
import { expect, it, vi } from 'vitest'
import { show } from '../testing/service'
import { useReadAgain } from './reading'

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
