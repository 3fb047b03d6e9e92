import { hubspot } from '@hubspot/ui-extensions';

/** Milliseconds that the rep waits for the connector before the card falls back to what the contact holds. */
export const TIMEOUT = 10_000;

export interface Reason {
  value: string;
  label: string;
}

export type Way = 'up' | 'down';

/** What the connector tells of a contact with a score. Times are ISO 8601. */
export interface Told {
  state: 'scored' | 'set_by_hand';
  score: string;
  tier: string;
  chance: { words: string; percent: string; interval: string | null };
  too_little_known: boolean;
  reasons: string[];
  by_hand: { sentence: string } | null;
  change: string;
  last_action: { words: string; at: string } | null;
  data_as_of: string;
  stale: boolean;
  model: string;
  thumbs: Record<Way, Reason[]>;
  link: string;
}

/** A contact of which there is no score to show, and why: any other state. */
export interface Untold {
  state: string;
  sentence: string;
}

/** The connector did not answer with a card. */
export class Unreachable extends Error {}

/** Asks for what is told of a contact; throws `Unreachable` for any answer that is no card. */
export async function askForCard(origin: string, contact: number): Promise<Told | Untold> {
  return read(await send(() => hubspot.fetch(recordUrl(origin, contact), { method: 'GET', timeout: TIMEOUT })));
}

/** Says of a contact's score whether it fits, and why; throws `Unreachable` where that was not kept. */
export async function sayThumb(origin: string, contact: number, thumb: Way, reason: string): Promise<void> {
  const url = `${recordUrl(origin, contact)}/thumbs`;
  await send(() => hubspot.fetch(url, { method: 'POST', timeout: TIMEOUT, body: { thumb, reason } }));
}

export function isTold(found: Told | Untold): found is Told {
  return found.state === 'scored' || found.state === 'set_by_hand';
}

function recordUrl(origin: string, contact: number): string {
  return `${origin}/cards/hubspot/records/${String(contact)}`;
}

async function send(request: () => Promise<Response>): Promise<unknown> {
  let answer: Response;
  try {
    answer = await request();
  } catch (error) {
    throw new Unreachable('no answer', { cause: error });
  }
  if (!answer.ok) {
    throw new Unreachable(`answered ${String(answer.status)}`);
  }
  try {
    return await answer.json();
  } catch (error) {
    throw new Unreachable('the answer is not JSON', { cause: error });
  }
}

function read(body: unknown): Told | Untold {
  const found = (body ?? {}) as Partial<Told> & Partial<Untold>;
  if (typeof found.state === 'string' && typeof found.sentence === 'string') {
    return { state: found.state, sentence: found.sentence };
  }
  if (typeof found.state === 'string' && typeof found.score === 'string' && Array.isArray(found.reasons)) {
    return found as Told;
  }
  throw new Unreachable('the answer is no card');
}
