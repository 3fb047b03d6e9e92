import { hubspot } from '@hubspot/ui-extensions';

const TIMEOUT = 10_000;

/** How the account stands with the connector. Times are ISO 8601. */
export interface Account {
  account: string;
  healthy: boolean;
  trouble: string | null;
  read_at: string | null;
  publication: string;
  publishing: boolean;
  leads: { tier: string; count: number }[];
  written: number;
  waiting: number;
  refused: number;
  link: string;
}

/** Why the connector has nothing to tell of this account. */
export interface Untold {
  sentence: string;
}

/** Asks how this account stands; throws where the connector did not tell. */
export async function askForAccount(origin: string): Promise<Account | Untold> {
  const answer = await hubspot.fetch(`${origin}/cards/hubspot/account`, { method: 'GET', timeout: TIMEOUT });
  if (!answer.ok) {
    throw new Error(`answered ${String(answer.status)}`);
  }
  const found = (await answer.json()) as Partial<Account & Untold> | null;
  if (typeof found?.sentence === 'string') {
    return { sentence: found.sentence };
  }
  if (typeof found?.account !== 'string' || !Array.isArray(found.leads)) {
    throw new Error('the answer is no account');
  }
  return found as Account;
}
