import { describe, expect, it } from 'vitest'
import { show } from '@/shared/testing/service'
import PhoneKeypad from './PhoneKeypad.vue'

const type = (key: string, target: EventTarget = document.body, more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))

describe('the keypad', () => {
  it('sends each key as it is pressed, by button and by keyboard', async () => {
    const pad = show(PhoneKeypad)
    await pad.findAll('button').find((one) => one.text() === '#')?.trigger('click')
    type('5')
    type('*')
    expect(pad.emitted('press')).toEqual([['#'], ['5'], ['*']])
    await pad.vm.$nextTick()
    expect(pad.find('output').text()).toBe('#5*')
    pad.unmount()
  })

  it('leaves other keys alone: shortcuts, text that is typed into a field, an input method', () => {
    const pad = show(PhoneKeypad)
    const field = document.body.appendChild(document.createElement('input'))
    type('5', field)
    type('5', document.body, { ctrlKey: true, altKey: true })
    type('5', document.body, { isComposing: true })
    type('a')
    expect(pad.emitted('press')).toBeUndefined()
    type('Escape')
    expect(pad.emitted('close')).toHaveLength(1)
    pad.unmount()
    type('5')
    expect(pad.emitted('press')).toBeUndefined()
  })
})
