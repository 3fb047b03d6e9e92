/** What the contact's own properties tell of its score: enough where the connector can't be reached. */
export interface Held {
  /** In words: "72.3 of 100", or the bare number where it may be one from 0 to 1. */
  score: string;
  tier: string | null;
  probability: number | null;
  reasons: string[];
  updatedAt: Date | null;
}

/** Where a property of ours could not have its name, it has one of these before it; the last that is filled is ours. */
const PREFIXES = ['', 'connector_', 'connector2_', 'connector3_'];
const NAMES = ['score', 'score_tier', 'score_probability', 'score_reasons', 'score_model', 'score_updated_at'];

/** All names that our properties may have in an account. */
export const PROPERTIES = PREFIXES.flatMap((prefix) => NAMES.map((name) => `${prefix}lead_${name}`));

/** Reads the properties; null where the connector never wrote to this contact. */
export function readHeld(properties: Record<string, string | null | undefined>): Held | null {
  const told = (name: string): string | null =>
    PREFIXES.map((prefix) => properties[`${prefix}lead_${name}`])
      .filter((value) => !isBlank(value))
      .at(-1) ?? null;
  const score = told('score');
  // A property that is called lead_score may be somebody else's; that of the model is written with ours alone.
  if (score === null || told('score_model') === null) {
    return null;
  }
  return {
    score: inWords(score),
    tier: told('score_tier'),
    probability: readNumber(told('score_probability')),
    reasons: (told('score_reasons') ?? '').split('\n').filter((line) => !isBlank(line)),
    updatedAt: readTime(told('score_updated_at')),
  };
}

/** Organisations may write scores from 0 to 1: which of both a number up to 1 is can't be told from it. */
function inWords(score: string): string {
  const number = Number(score);
  if (!Number.isFinite(number) || (number > 0 && number <= 1)) {
    return score;
  }
  return `${number.toFixed(1)} of 100`;
}

function isBlank(value: string | null | undefined): boolean {
  return value === null || value === undefined || value.trim() === '';
}

function readNumber(text: string | null): number | null {
  const number = Number(text ?? Number.NaN);
  return Number.isFinite(number) ? number : null;
}

/** HubSpot gives times in milliseconds or in ISO 8601. */
function readTime(text: string | null): Date | null {
  const at = new Date(text !== null && /^\d+$/.test(text) ? Number(text) : (text ?? Number.NaN));
  return Number.isNaN(at.getTime()) ? null : at;
}
