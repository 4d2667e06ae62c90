import { joined } from './joined'

export default joined(
  import.meta.glob('../../{shared,phone,features/*}/messages/zh-CN.json', { eager: true, import: 'default' }),
)
