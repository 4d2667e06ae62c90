import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import './words/words'
import DepartmentChoice from './components/DepartmentChoice.vue'
import ExtensionCard from './components/ExtensionCard.vue'
import WaitingList from './components/WaitingList.vue'
import { lateness } from './lateness'
import { workOf } from './queries'
import { common } from './common'

const ticket = (id: string, category_id: string | null = 'c-1') => ({
  id, number: `26113${id}`, version: 3, category_id, area: '城东', kind: 'fault', status: 'registered', subject: `不热 ${id}`, description: '', address: '',
  urgency: 'normal', urge_count: 0, redo_count: 0, escalated: false, registered_at: '2026-11-01T00:00:00Z', next_due_at: null, next_clock: null,
  department_name: null, category_name: null, person_name: null,
})
const WHERE = [{ id: 'd-1', name: '城东维修工区', active: true }, { id: 'd-2', name: '城西维修工区', active: true }]
const PROPOSED = [{ department_id: 'd-1', name: '城东维修工区', score: 3, why: ['category', 'area'] }]

describe('the dispatch desk', () => {
  it('shows extensions to those who rule on them', () => {
    expect([workOf('agent').includes('extensions'), workOf('supervisor').includes('extensions')]).toEqual([false, true])
  })

  it('says how late something is in its largest unit', () => {
    expect([lateness(30), lateness(7300), lateness(200_000)]).toEqual([{ n: 1, unit: 'minutes' }, { n: 2, unit: 'hours' }, { n: 2, unit: 'days' }])
  })

  it('knows what several tickets have in common', () => {
    expect([common([{ a: 1 }, { a: 1 }], (one) => one.a), common([{ a: 1 }, { a: 2 }], (one) => one.a), common([], () => 1)]).toEqual([1, null, null])
  })

  it('names other open tickets of the place, and says that there are files', async () => {
    serve({ 'GET /departments': WHERE, 'GET /department-proposals': PROPOSED })
    const list = show(WaitingList, { tickets: [{ ...ticket('1'), similar: ['26112900001', '26112900002'], files: 2 }, ticket('2')] })
    await flushPromises()
    const [with_, without] = list.findAll('.tickets > li').map((one) => one.text())
    expect(with_).toContain('另有未办结工单：26112900001、26112900002')
    expect(with_).toContain('附件 2')
    expect(without).not.toContain('另有未办结工单')
  })

  it('says at its field what is missing, instead of a button that does nothing', async () => {
    const asked = serve({ 'GET /departments': WHERE, 'GET /department-proposals': [] })
    const list = show(WaitingList, { tickets: [ticket('1', null)] })
    await flushPromises()
    await list.find('.tickets form').trigger('submit')
    expect(list.find('.tickets form').text()).toContain('请先选择承办部门')
    expect(asked.filter((one) => one.method === 'POST')).toEqual([])
  })

  it('shows the present deadline beside the one that is asked for', async () => {
    serve({ 'GET /departments': WHERE })
    const asked = { ticket_id: '1', number: '1', subject: '不热', department_id: 'd-1', reason: '等配件', until: '2026-12-03T04:47:00Z', asked_by: '马师傅', asked_at: '2026-12-01T00:00:00Z', deadline: '2026-12-02T04:47:00Z' }
    const card = show(ExtensionCard, { asked })
    await flushPromises()
    expect(card.findAll('time').map((one) => one.attributes('datetime'))).toContain(asked.deadline)
  })

  it('dispatches the chosen ones to the proposed department, and says which were refused', async () => {
    const stale = { type: '/problems/ticket-changed', title: '工单已变更', detail: '工单已变更', status: 409, errors: [] }
    const asked = serve({
      'GET /departments': WHERE, 'GET /department-proposals': PROPOSED,
      'POST /tickets/dispatch': [{ ticket_id: '1', ticket: {}, problem: null }, { ticket_id: '2', ticket: null, problem: stale }],
    })
    const list = show(WaitingList, { tickets: [ticket('1'), ticket('2')] })
    await flushPromises()
    await list.find('.together input[type=checkbox]').setValue(true)
    await flushPromises()
    await list.find('.together button.el-button').trigger('click')
    await flushPromises()
    expect(asked.filter((one) => one.method === 'POST').map((one) => [one.path, one.body])).toEqual([
      ['/tickets/dispatch', { tickets: [{ id: '1', version: 3 }, { id: '2', version: 3 }], department_id: 'd-1' }],
    ])
    expect(list.find('.refused').text()).toContain('261132 工单已变更')
  })
})

describe('the choice of a department', () => {
  it('leaves out the one that was right to refuse, also when that is known late', async () => {
    serve({ 'GET /departments': WHERE, 'GET /department-proposals': PROPOSED })
    const chosen: string[] = []
    const choice = show(DepartmentChoice, { category: 'c-1', area: '', modelValue: '', 'onUpdate:modelValue': (id: string) => { chosen.push(id); void choice.setProps({ modelValue: id }) } })
    await flushPromises()
    await choice.setProps({ except: 'd-1' })
    await flushPromises()
    expect(chosen).toEqual(['d-1', ''])
    expect(choice.findAll('option').map((one) => one.attributes('value'))).toEqual(['', 'd-2'])
  })
})
