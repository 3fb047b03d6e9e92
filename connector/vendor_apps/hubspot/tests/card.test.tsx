import {
  Alert,
  Button,
  EmptyState,
  ErrorState,
  Heading,
  Link,
  List,
  LoadingSpinner,
  StatusTag,
  Tag,
  Text,
} from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Told } from '../src/app/cards/parts/connector';
import { LeadScoreCard } from '../src/app/cards/parts/LeadScoreCard';
import { CARD, ORIGIN, answer, answering } from './stand';

const NOW = new Date('2026-03-01T12:00:00Z');

/** The card in a place of HubSpot, and what it shows. */
function stand(held: Record<string, string> = {}, place: 'crm.record.tab' | 'crm.record.sidebar' = 'crm.record.tab') {
  const renderer = createRenderer(place);
  const context = {
    location: place,
    user: { id: 7, emails: [], email: '', firstName: '', lastName: '', roles: [], teams: [], permissions: [] },
    portal: { id: 101, timezone: 'Europe/Lisbon' },
    crm: { objectId: 9501, objectTypeId: '0-1' },
    variables: { CONNECTOR_ORIGIN: ORIGIN },
  };
  renderer.mocks.useExtensionContext.willCall(() => context as never);
  const fetchCrmObjectProperties = vi.fn(() => Promise.resolve(held));
  renderer.mocks.useExtensionActions.willCall(() => ({ fetchCrmObjectProperties }) as never);
  renderer.render(<LeadScoreCard />);
  const said = () => renderer.getRootNode().toString();
  const click = (label: string) => {
    renderer.find(Button, (button) => button.text === label).trigger('onClick');
  };
  const shows = (text: string) => renderer.waitFor(() => expect(said()).toContain(text));
  return { ...renderer, said, click, shows, fetchCrmObjectProperties };
}

function told(more: Partial<Told> = {}) {
  return () => answer({ ...CARD, ...more });
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a contact with a score', () => {
  test.each(['crm.record.tab', 'crm.record.sidebar'] as const)('is told whole in %s', async (place) => {
    const asked = answering(told());
    const { find, findAll, maybeFind, shows, said } = stand({}, place);
    expect(find(LoadingSpinner).props.label).toBe("Asking for the lead's score");
    await shows('67.3 of 100');
    expect(asked).toEqual([{ url: `${ORIGIN}/cards/hubspot/records/9501`, method: 'GET', body: undefined }]);
    expect(find(StatusTag).text).toBe('High-Intent');
    expect(find(StatusTag).props.variant).toBe('success');
    expect(said()).toContain('About 1 in 4 such leads convert (25 %).');
    expect(said()).toContain('Of leads that scored alike, between 19 % and 31 % converted.');
    expect(find(List).findAll(Text).map((line) => line.text)).toEqual(CARD.reasons);
    expect(said()).toContain('up from 41.0 to 67.3 since 3 Feb 2026');
    expect(said()).toContain('Submitted a form, 2 hours ago');
    expect(said()).toContain('1 Mar 2026, 11:00, 1 hour ago');
    expect(find(Link).props.href).toEqual({ url: CARD.link, external: true });
    expect(findAll(Alert)).toEqual([]);
    expect(maybeFind(Tag)).toBeNull();
  });

  test('of zero is no contact without a score', async () => {
    answering(told({ score: '0.0', tier: 'Low', last_action: null }));
    const { find, shows, said } = stand();
    await shows('0.0 of 100');
    expect(find(Heading).text).toBe('0.0 of 100');
    expect(find(StatusTag).props.variant).toBe('default');
    expect(said()).toContain('None that was recorded');
  });

  test('of which too little is known says so, and one without an interval names none', async () => {
    answering(told({ too_little_known: true, chance: { ...CARD.chance, interval: null } }));
    const { find, shows, said } = stand();
    await shows('Too little known');
    expect(find(Tag).props.variant).toBe('warning');
    expect(said()).not.toContain('scored alike');
  });

  test('that was set by hand says what the model says', async () => {
    const sentence = 'Set by hand by your team on 1 Mar 2026. The model says 12.0 (Low).';
    answering(told({ state: 'set_by_hand', by_hand: { sentence } }));
    const { find, shows } = stand();
    await shows('Set by hand');
    expect(find(Alert).props.title).toBe('Set by hand');
    expect(find(Alert).text).toBe(sentence);
  });

  test('whose data are old warns of it', async () => {
    answering(told({ stale: true, data_as_of: '2026-02-20T11:00:00+00:00' }));
    const { find, shows, said } = stand();
    await shows('These data are old');
    expect(find(Alert).props.variant).toBe('warning');
    expect(said()).toContain('9 days ago');
  });
});

test('a contact without a score says why, and offers nothing to try again', async () => {
  answering(() => answer({ state: 'left_out', sentence: 'Your team left this lead out of scoring.' }));
  const { find, findAll, shows, fetchCrmObjectProperties } = stand();
  await shows('Your team left this lead out of scoring.');
  expect(find(EmptyState).props.title).toBe('No score');
  expect(findAll(Button)).toEqual([]);
  expect(fetchCrmObjectProperties).not.toHaveBeenCalled();
});

describe('where the connector is out of reach', () => {
  const HELD = {
    lead_score: '67.3',
    lead_score_tier: 'High-Intent',
    lead_score_probability: '0.25',
    lead_score_reasons: 'One\nTwo\nThree\nFour',
    lead_score_model: 'model_v20260301',
    lead_score_updated_at: '1772359200000',
  };

  test.each([
    ['is not there', () => Promise.reject(new Error('timeout'))],
    ['fails', () => answer({ title: 'Something broke' }, 502)],
    ['answers no JSON', () => new Response('<html>')],
    ['answers something else', () => answer({ hello: 'world' })],
    ['answers nothing', () => answer(null)],
  ])('and %s, the properties are told', async (_, failing) => {
    answering(failing);
    const { find, shows, said, click } = stand(HELD);
    await shows('67.3 of 100');
    expect(find(Alert).props.title).toBe("Only what the contact's properties hold");
    expect(find(StatusTag).text).toBe('High-Intent');
    expect(said()).toContain('Chance to convert: 25.0 %.');
    expect(find(List).findAll(Text).map((line) => line.text)).toEqual(['One', 'Two', 'Three']);
    expect(said()).toContain('1 Mar 2026, 10:00, 2 hours ago');
    const asked = answering(told());
    click('Try again');
    await shows('About 1 in 4');
    expect(asked).toHaveLength(1);
  });

  test('a score that may be one from 0 to 1 is told as it is written', async () => {
    answering(() => answer({}, 502));
    const { shows, said } = stand({ ...HELD, lead_score: '0.673' });
    await shows('0.673');
    expect(said()).not.toContain('0.673 of 100');
  });

  test('a score of zero in the properties is told', async () => {
    answering(() => answer({}, 502));
    const { shows } = stand({ ...HELD, lead_score: '0' });
    await shows('0.0 of 100');
  });

  test('properties of the same name that are somebody else’s are not told', async () => {
    answering(() => answer({}, 502));
    const { shows } = stand({ lead_score: '3', lead_score_tier: 'B' });
    await shows("The scoring app can't be reached");
    await shows('holds no score yet');
  });

  test('a property of ours under another name goes before', async () => {
    answering(() => answer({}, 502));
    const { shows } = stand({ ...HELD, lead_score: '3', connector_lead_score: '88.5' });
    await shows('88.5 of 100');
  });

  test('and HubSpot does not tell either, it can be tried again', async () => {
    answering(() => answer({}, 502), told());
    const { shows, click, fetchCrmObjectProperties, find } = stand();
    await shows("The scoring app can't be reached");
    expect(fetchCrmObjectProperties).toHaveBeenCalledOnce();
    expect(find(ErrorState)).toBeTruthy();
    click('Try again');
    await shows('67.3 of 100');
  });

  test('nor can the properties be read, it can be tried again', async () => {
    answering(() => answer({}, 502), told());
    const { shows, click, fetchCrmObjectProperties } = stand();
    fetchCrmObjectProperties.mockRejectedValue(new Error('no permission'));
    await shows("The scoring app can't be reached");
    click('Try again');
    await shows('67.3 of 100');
  });
});

describe('a thumb', () => {
  test('takes a reason, is sent once and thanked for', async () => {
    const asked = answering(told(), () => answer({ entry: 12 }, 201));
    const { shows, click, find, findAll } = stand();
    await shows('It does not fit');
    click('It does not fit');
    await shows('They have no need or no budget');
    const reason = find(Button, (button) => button.text === 'They have no need or no budget');
    reason.trigger('onClick');
    reason.trigger('onClick');
    await shows('Thank you.');
    expect(asked.slice(1)).toEqual([
      {
        url: `${ORIGIN}/cards/hubspot/records/9501/thumbs`,
        method: 'POST',
        body: { thumb: 'down', reason: 'no_need' },
      },
    ]);
    expect(findAll(Button)).toEqual([]);
  });

  test('up has reasons of its own, and a way back', async () => {
    const asked = answering(told(), () => answer({ entry: 12 }, 201));
    const { shows, click, said } = stand();
    await shows('The score fits');
    click('It does not fit');
    await shows('They have no need or no budget');
    click('Back');
    await shows('It does not fit');
    click('The score fits');
    await shows('Talked to them');
    expect(said()).not.toContain('They have no need');
    click('Talked to them: the score fits');
    await shows('Thank you.');
    expect(asked[1]?.body).toEqual({ thumb: 'up', reason: 'talked' });
  });

  test('that was not kept says so and can be said again', async () => {
    const asked = answering(told(), () => answer({}, 502), () => answer({ entry: 12 }, 201));
    const { shows, click } = stand();
    await shows('The score fits');
    click('The score fits');
    await shows('The score fits what I know');
    click('The score fits what I know');
    await shows('That was not kept');
    click('The score fits what I know');
    await shows('Thank you.');
    expect(asked).toHaveLength(3);
  });
});
