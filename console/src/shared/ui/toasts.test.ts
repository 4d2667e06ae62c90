import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useToasts } from './toasts'

const texts = () => useToasts().shown.map((toast) => toast.text)

describe('messages over the page', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('leave by themselves, failures too', () => {
    useToasts().say('对方正忙', 'warning')
    vi.advanceTimersByTime(7900)
    expect(texts()).toEqual(['对方正忙'])
    vi.advanceTimersByTime(200)
    expect(texts()).toEqual([])
  })

  it('of failures go with the next success', () => {
    useToasts().say('对方正忙', 'warning')
    useToasts().say('没有通话', 'alarm')
    useToasts().say('工单已提交', 'good')
    expect(texts()).toEqual(['工单已提交'])
  })
})
