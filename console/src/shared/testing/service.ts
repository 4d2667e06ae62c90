import { PiniaColada } from '@pinia/colada'
import { mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia, type Pinia } from 'pinia'
import { vi } from 'vitest'
import type { Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'

export interface Asked {
  method: string
  path: string
  body: Record<string, unknown>
  /** It outlives its page. */
  keepalive: boolean
}

/** Stand in for the service: answers by `METHOD /path`, and what was asked. An answer with `status` is a refusal. */
export function serve(answers: Record<string, unknown>): Asked[] {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/v1', '')
    const text = request.body === null ? '' : await request.text()
    asked.push({ method: request.method, path, keepalive: request.keepalive, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) })
    const answer = answers[`${request.method} ${path}`] ?? []
    const refused = typeof answer === 'object' && answer !== null && 'type' in answer && 'status' in answer
    const status = refused ? Number(answer.status) : 200
    const said = JSON.stringify(answer)
    const response = new Response(said, { status, headers: { 'content-type': 'application/json' } })
    // A stream is read in turns that a busy machine delays: a test that flushes promises would look too early.
    return Object.assign(response, { json: () => Promise.resolve(JSON.parse(said)), text: () => Promise.resolve(said) })
  })
  return asked
}

/** Mount a part of a page as the application does: store, queries, router. */
export function show(component: Component, props: Record<string, unknown> = {}, slots: Record<string, unknown> = {}): VueWrapper {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: { template: '<i />' } }] })
  return mount(component, { props, slots: slots as never, attachTo: document.body, global: { plugins: [getActivePinia() as Pinia, PiniaColada, router] } })
}
