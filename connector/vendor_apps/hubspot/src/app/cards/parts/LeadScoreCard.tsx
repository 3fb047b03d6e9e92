import { LoadingSpinner, useExtensionActions, useExtensionContext } from '@hubspot/ui-extensions';
import { useCallback, useEffect, useState } from 'react';

import type { Told, Untold } from './connector';
import { askForCard, isTold } from './connector';
import { FromProperties } from './FromProperties';
import type { Held } from './properties';
import { PROPERTIES, readHeld } from './properties';
import { Score } from './Score';
import { Without } from './Without';

type Shown =
  | { kind: 'loading' }
  | { kind: 'told'; card: Told }
  | { kind: 'untold'; why: Untold }
  | { kind: 'held'; held: Held | null };

/** Context and actions are the same in the sidebar. */
type Place = 'crm.record.tab';

/** The score of the contact that is open: what the connector tells, else what the contact's properties hold. */
export function LeadScoreCard() {
  const { crm, portal, variables } = useExtensionContext<Place>();
  const { fetchCrmObjectProperties } = useExtensionActions<Place>();
  const origin = String(variables?.['CONNECTOR_ORIGIN'] ?? '');
  const contact = crm.objectId;
  const [shown, setShown] = useState<Shown>({ kind: 'loading' });
  const [tries, setTries] = useState(0);

  useEffect(() => {
    let current = true;
    const show = (found: Shown) => {
      if (current) {
        setShown(found);
      }
    };
    askForCard(origin, contact)
      .then((found): Shown => (isTold(found) ? { kind: 'told', card: found } : { kind: 'untold', why: found }))
      .catch(
        async (): Promise<Shown> => ({
          kind: 'held',
          held: await fetchCrmObjectProperties(PROPERTIES).then(readHeld, () => null),
        }),
      )
      .then(show, () => {
        show({ kind: 'held', held: null });
      });
    return () => {
      current = false;
    };
  }, [origin, contact, tries, fetchCrmObjectProperties]);

  const retry = useCallback(() => {
    setShown({ kind: 'loading' });
    setTries((count) => count + 1);
  }, []);

  switch (shown.kind) {
    case 'loading':
      return <LoadingSpinner label="Asking for the lead's score" showLabel />;
    case 'told':
      return <Score card={shown.card} origin={origin} contact={contact} timeZone={portal.timezone} />;
    case 'untold':
      return <Without sentence={shown.why.sentence} />;
    case 'held':
      return <FromProperties held={shown.held} timeZone={portal.timezone} onRetry={retry} />;
  }
}
