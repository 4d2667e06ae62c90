import { api, data, type Schemas } from '@/shared/api/client'

export type Customer = Pick<Schemas['CustomerView'], 'id' | 'name' | 'address' | 'area'>

/** Return a customer with the telephones. */
export function customerOf(customer_id: string): Promise<Schemas['CustomerDetail']> {
  return data(api.GET('/api/v1/customers/{customer_id}', { params: { path: { customer_id } } }))
}
