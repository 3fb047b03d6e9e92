import { vi } from 'vitest';

import type { Told } from '../src/app/cards/parts/connector';

export const ORIGIN = 'https://scores.example.com';

export interface Asked {
  url: string;
  method: string;
  body: unknown;
}

/** An answer as HubSpot's proxy hands it on. */
export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

/** Lets `hubspot.fetch` be answered in turn, the last answer again and again; tells what was asked. */
export function answering(...answers: (() => Response | Promise<Response>)[]): Asked[] {
  const asked: Asked[] = [];
  const hsFetch = (url: string, options: { method?: string; body?: unknown } = {}) => {
    const next = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ url, method: options.method ?? 'GET', body: options.body });
    return next === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve().then(next);
  };
  vi.stubGlobal('self', { hsFetch });
  return asked;
}

export const CARD: Told = {
  state: 'scored',
  score: '67.3',
  tier: 'High-Intent',
  chance: {
    words: 'About 1 in 4 such leads convert',
    percent: '25 %',
    interval: 'Of leads that scored alike, between 19 % and 31 % converted',
  },
  too_little_known: false,
  reasons: ['Clicked 4 e-mails in 30 days', 'A director', 'Last visit 2 days ago'],
  by_hand: null,
  change: "The model's score: up from 41.0 to 67.3 since 3 Feb 2026, by overall activity.",
  last_action: { words: 'Submitted a form', at: '2026-03-01T10:00:00+00:00' },
  data_as_of: '2026-03-01T11:00:00+00:00',
  stale: false,
  model: 'model_v20260301',
  thumbs: {
    up: [
      { value: 'talked', label: 'Talked to them: the score fits' },
      { value: 'fits', label: 'The score fits what I know' },
    ],
    down: [{ value: 'no_need', label: 'They have no need or no budget' }],
  },
  link: 'https://scores.example.com/leads/7',
};
