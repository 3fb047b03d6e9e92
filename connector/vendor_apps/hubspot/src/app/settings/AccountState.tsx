import {
  Alert,
  Button,
  DescriptionList,
  DescriptionListItem,
  ErrorState,
  Flex,
  Heading,
  Link,
  LoadingSpinner,
  StatusTag,
  Text,
  useExtensionContext,
} from '@hubspot/ui-extensions';
import { useEffect, useState } from 'react';

import type { Account, Untold } from './account';
import { askForAccount } from './account';

type Shown = Account | Untold | 'loading' | 'unreachable';

/** How this account stands with the connector. Everything is set in the admin app: one place, one truth, one record. */
export function AccountState() {
  const { portal, variables } = useExtensionContext<'settings'>();
  const origin = String(variables?.['CONNECTOR_ORIGIN'] ?? '');
  const [shown, setShown] = useState<Shown>('loading');
  const [tries, setTries] = useState(0);

  useEffect(() => {
    let current = true;
    askForAccount(origin)
      .catch((): Shown => 'unreachable')
      .then(
        (found: Shown) => {
          if (current) {
            setShown(found);
          }
        },
        () => undefined,
      );
    return () => {
      current = false;
    };
  }, [origin, tries]);

  if (shown === 'loading') {
    return <LoadingSpinner label="Asking how this account stands" showLabel />;
  }
  if (shown === 'unreachable') {
    return (
      <ErrorState title="The scoring app can't be reached">
        <Text>Nothing is lost: scores that were written stay in the contacts. Try again in a minute.</Text>
        <Button
          onClick={() => {
            setShown('loading');
            setTries((count) => count + 1);
          }}
        >
          Try again
        </Button>
        <Link href={{ url: origin, external: true }}>Open the scoring app</Link>
      </ErrorState>
    );
  }
  if ('sentence' in shown) {
    return (
      <Flex direction="column" gap="medium">
        <Alert title="Not connected" variant="danger">
          {shown.sentence}
        </Alert>
        <Link href={{ url: origin, external: true }}>Open the scoring app</Link>
      </Flex>
    );
  }
  return <Standing found={shown} timeZone={portal.timezone} />;
}

function Standing({ found, timeZone }: { found: Account; timeZone: string }) {
  return (
    <Flex direction="column" gap="medium">
      <Flex direction="row" align="center" gap="small">
        <Heading>{found.account}</Heading>
        <StatusTag variant={found.healthy ? 'success' : 'danger'}>
          {found.healthy ? 'Connected' : 'Needs an admin'}
        </StatusTag>
      </Flex>
      {found.trouble !== null && (
        <Alert title="What to know" variant={found.healthy ? 'info' : 'danger'}>
          {found.trouble}
        </Alert>
      )}
      {!found.publishing && (
        <Alert title="Not all scores are written" variant="warning">
          {found.publication}
        </Alert>
      )}
      <DescriptionList direction="row">
        <DescriptionListItem label="Publication">
          <Text>{found.publication}</Text>
        </DescriptionListItem>
        <DescriptionListItem label="Last read to the end">
          <Text>{found.read_at === null ? 'Not yet: the first run is under way' : dated(found.read_at, timeZone)}</Text>
        </DescriptionListItem>
        {found.leads.map(({ tier, count }) => (
          <DescriptionListItem key={tier} label={`Leads, ${tier}`}>
            <Text>{counted(count)}</Text>
          </DescriptionListItem>
        ))}
        <DescriptionListItem label="Contacts written">
          <Text>{counted(found.written)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label="Contacts waiting">
          <Text>{counted(found.waiting)}</Text>
        </DescriptionListItem>
        <DescriptionListItem label="Contacts refused by HubSpot">
          <Text>{counted(found.refused)}</Text>
        </DescriptionListItem>
      </DescriptionList>
      <Text>Goal, tiers, fields, publication and users are set in the scoring app.</Text>
      <Link href={{ url: found.link, external: true }}>Open the scoring app</Link>
    </Flex>
  );
}

function counted(count: number): string {
  return new Intl.NumberFormat('en-GB').format(count);
}

function dated(iso: string, timeZone: string): string {
  const form = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...form, timeZone }).format(new Date(iso));
  } catch {
    return iso;
  }
}
