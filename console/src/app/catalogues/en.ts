import { joined } from './joined'

export default joined(
  import.meta.glob('../../{shared,phone,features/*}/messages/en.json', { eager: true, import: 'default' }),
)
