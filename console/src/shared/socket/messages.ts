import type { components } from './schema'

type Messages = components['schemas']

export type ServerMessage = Messages['ServerMessage']
export type DeskCommand = Messages['DeskCommand']
export type OwnState = Messages['OwnState']
export type AgentState = Messages['AgentState']
export type Presence = Messages['Presence']
export type QueueState = Messages['QueueState']
export type BoardCall = Messages['BoardCall']
export type BoardFigures = Messages['BoardFigures']
export type OpenAlert = Messages['OpenAlert']
export type AlertFigure = Messages['AlertFigure']
export type CallChanged = Messages['CallChanged']
export type Pop = Messages['Pop']
export type PopTicket = Messages['PopTicket']
export type PopCall = Messages['PopCall']
export type CustomerCard = Messages['CustomerCard']
export type TicketNews = Messages['TicketNews']
export type ControlCall = Messages['ControlCall']
export type CallTarget = Messages['CallTarget']
export type CallAction = Messages['CallAction']
export type Draft = Messages['Draft']

/** Reasons for which the service closes the socket; after them the page must not connect again by itself. */
export const CLOSED = { replaced: 4001, signedOut: 4401 } as const

export const SOCKET_PATH = '/api/v1/desk/socket'
export const SUBPROTOCOL = 'hotline.desk.v1'
