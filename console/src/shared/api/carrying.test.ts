import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { useToasts } from '@/shared/ui/toasts'
import { useCarrying } from './carrying'
import { ApiProblem } from './problems'

const refusal = new ApiProblem(422, 'invalid', '有误', [{ field: 'name', rule: '太短' }] as never)

describe('a change that is carried out', () => {
  it('says a refusal at its field, and forgets it with the next success', async () => {
    serve({})
    let carrying!: ReturnType<typeof useCarrying>
    show({ setup: () => ((carrying = useCarrying('things')), () => null) })
    expect(await carrying.carry(() => Promise.reject(refusal), 'done')).toBe(false)
    expect([carrying.refused.value === '', carrying.wrong('name') === '', carrying.wrong('other')]).toEqual([false, false, ''])
    expect(useToasts().shown).toHaveLength(0)
    const work = carrying.carry(() => Promise.resolve(), 'done')
    expect(carrying.busy.value).toBe(true)
    expect(await work).toBe(true)
    await flushPromises()
    expect([carrying.busy.value, carrying.refused.value, carrying.wrong('name')]).toEqual([false, '', ''])
    expect(useToasts().shown).toHaveLength(1)
  })
})
