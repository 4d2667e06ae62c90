import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import { useSession } from '@/shared/session/session'
import { inOrder } from './capacity'
import CapacityPage from './pages/CapacityPage.vue'
import WindowEditor from './components/WindowEditor.vue'
import './words/words'

const morning = { weekday: 1, from_clock: '08:30', until_clock: '12:00', places: 2 }

describe('the capacity of visits', () => {
  it('is read in the order of the week', () => {
    expect(inOrder([{ ...morning, weekday: 2 }, { ...morning, from_clock: '13:00' }, morning]).map((one) => `${one.weekday} ${one.from_clock}`)).toEqual(['1 08:30', '1 13:00', '2 08:30'])
  })

  it('without windows says who sets them', async () => {
    serve({})
    useSession().who = { staff_id: 's-1', role: 'department', department_id: 'east' } as ReturnType<typeof useSession>['who']
    const page = show(CapacityPage)
    await flushPromises()
    expect(page.text()).toContain('时段由热线的班长或管理员')
    page.unmount()
  })

  it('is stored as a whole with the windows it began with; a refusal stands at its window', async () => {
    const refused = { type: 'https://hotline.example/problems/invalid', title: '输入有误', status: 422, detail: '输入有误', errors: [{ field: 'windows.1.until_clock', rule: '应晚于开始时间' }] }
    const asked = serve({ 'PUT /departments/east/appointment-week': refused })
    const page = show(WindowEditor, { department: 'east', windows: [morning] })
    await page.findAll('button').find((one) => one.text() === '复制到次日')?.trigger('click')
    await page.findAll('fieldset')[1]?.findAll('input')[1]?.setValue('08:00')
    await page.find('form').trigger('submit')
    await flushPromises()
    expect(asked[0]?.body).toEqual({ windows: [morning, { ...morning, weekday: 2, until_clock: '08:00' }], before: [morning] })
    expect(page.findAll('fieldset')[1]?.find('.problem').text()).toBe('应晚于开始时间')
    page.unmount()
  })
})
