import { expect, it } from 'vitest'
import { spoken } from './numbers'

it('numbers are shown as people write them, others as they came', () => {
  expect(['+8613800000005', '+862512345678', '+861012345678', '+864511234567', '+862512345678;ext=12', '95598', '138****0005', '+4420123456'].map(spoken)).toEqual(
    ['138 0000 0005', '025-12345678', '010-12345678', '0451-1234567', '025-12345678-12', '95598', '138****0005', '+4420123456'],
  )
})
