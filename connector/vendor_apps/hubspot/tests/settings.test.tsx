import { Alert, Button, ErrorState, Heading, Link, LoadingSpinner, StatusTag } from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';
import { afterEach, expect, test, vi } from 'vitest';

import type { Account } from '../src/app/settings/account';
import { AccountState } from '../src/app/settings/AccountState';
import { ORIGIN, answer, answering } from './stand';

const FINE: Account = {
  account: 'Alpha Ltd',
  healthy: true,
  trouble: null,
  read_at: '2026-03-01T11:00:00+00:00',
  publication: 'Scores are written to this account.',
  publishing: true,
  leads: [
    { tier: 'High-Intent', count: 1200 },
    { tier: 'Medium', count: 3400 },
    { tier: 'Low', count: 0 },
  ],
  written: 4600,
  waiting: 2,
  refused: 1,
  link: `${ORIGIN}/connections/1`,
};

function stand() {
  const renderer = createRenderer('settings');
  const context = { portal: { id: 101, timezone: 'Europe/Lisbon' }, variables: { CONNECTOR_ORIGIN: ORIGIN } };
  renderer.mocks.useExtensionContext.willCall(() => context as never);
  renderer.render(<AccountState />);
  const said = () => renderer.getRootNode().toString();
  return { ...renderer, said, shows: (text: string) => renderer.waitFor(() => expect(said()).toContain(text)) };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test('a connected account is told with its figures', async () => {
  const asked = answering(() => answer(FINE));
  const { find, findAll, shows, said } = stand();
  expect(find(LoadingSpinner).props.label).toBe('Asking how this account stands');
  await shows('Alpha Ltd');
  expect(asked).toEqual([{ url: `${ORIGIN}/cards/hubspot/account`, method: 'GET', body: undefined }]);
  expect(find(Heading).text).toBe('Alpha Ltd');
  expect(find(StatusTag).text).toBe('Connected');
  expect(findAll(Alert)).toEqual([]);
  for (const text of ['1,200', '3,400', 'Leads, Low', '4,600', '1 Mar 2026, 11:00', 'Scores are written']) {
    expect(said()).toContain(text);
  }
  expect(find(Link).props.href).toEqual({ url: FINE.link, external: true });
});

test('what needs an admin, and what is not written, stand out', async () => {
  const trouble = 'The grant was taken back. Install the app again.';
  const publication = 'The first scores wait for your approval on the page Publication.';
  answering(() => answer({ ...FINE, healthy: false, trouble, publishing: false, publication, read_at: null }));
  const { find, findAll, shows, said } = stand();
  await shows(trouble);
  expect(find(StatusTag).props.variant).toBe('danger');
  expect(findAll(Alert).map((alert) => alert.text)).toEqual([trouble, publication]);
  expect(said()).toContain('Not yet: the first run is under way');
});

test('an account that is not connected is told so, with the way to the app', async () => {
  const sentence = 'This HubSpot account is not connected to the scoring app: an admin can install it.';
  answering(() => answer({ state: 'not_connected', sentence }));
  const { find, shows } = stand();
  await shows('Not connected');
  expect(find(Alert).text).toBe(sentence);
  expect(find(Link).props.href).toEqual({ url: ORIGIN, external: true });
});

test.each([
  ['fails', () => answer({}, 502)],
  ['is not there', () => Promise.reject(new Error('timeout'))],
  ['answers something else', () => answer({ hello: 'world' })],
])('a connector that %s can be asked again', async (_, failing) => {
  answering(failing, () => answer(FINE));
  const { find, shows } = stand();
  await shows("The scoring app can't be reached");
  expect(find(ErrorState).find(Link).props.href).toEqual({ url: ORIGIN, external: true });
  find(Button).trigger('onClick');
  await shows('Alpha Ltd');
});
