import { describe, expect, it } from 'vitest'
import { i18n } from './i18n'
import { dayOf, momentOf, useZone, wallClock } from './zone'

describe("the organisation's clock", () => {
  it('shows and reads times of its zone, not of the browser', () => {
    const at = Date.parse('2026-11-29T20:30:00Z')
    for (const [zone, shown] of [['Asia/Shanghai', '2026-11-30T04:30'], ['America/New_York', '2026-11-29T15:30']] as const) {
      useZone(zone)
      expect([wallClock(at), dayOf(at), momentOf(shown)]).toEqual([shown, shown.slice(0, 10), '2026-11-29T20:30:00.000Z'])
      expect(i18n.global.d(new Date(at), 'clock', 'zh-CN')).toBe(shown.slice(11))
    }
  })

  it('keeps the hour where the zone changes its clock', () => {
    useZone('America/New_York')
    expect([momentOf('2026-03-08T01:30'), momentOf('2026-03-08T03:30')]).toEqual(['2026-03-08T06:30:00.000Z', '2026-03-08T07:30:00.000Z'])
  })
})
