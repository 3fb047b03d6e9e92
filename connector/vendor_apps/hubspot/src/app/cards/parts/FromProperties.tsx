import { Alert, Button, ErrorState, Flex, List, Text } from '@hubspot/ui-extensions';

import type { Held } from './properties';
import { Tier } from './Tier';
import { ago, dated } from './times';

interface Props {
  held: Held | null;
  timeZone: string;
  onRetry: () => void;
}

/** What the contact's own properties tell, where the connector can't be reached. */
export function FromProperties({ held, timeZone, onRetry }: Props) {
  if (held === null) {
    return (
      <ErrorState title="The scoring app can't be reached">
        <Text>And this contact holds no score yet. Try again in a minute; if it stays, tell your admin.</Text>
        <Button onClick={onRetry}>Try again</Button>
      </ErrorState>
    );
  }
  const { score, tier, probability, reasons, updatedAt } = held;
  return (
    <Flex direction="column" gap="small">
      <Tier score={score} tier={tier} />
      {probability !== null && <Text>{`Chance to convert: ${(probability * 100).toFixed(1)} %.`}</Text>}
      {reasons.length > 0 && (
        <List variant="unordered-styled">
          {reasons.slice(0, 3).map((reason) => (
            <Text key={reason}>{reason}</Text>
          ))}
        </List>
      )}
      {updatedAt !== null && (
        <Text variant="microcopy">{`Data as of ${dated(updatedAt, timeZone)}, ${ago(updatedAt, new Date())}`}</Text>
      )}
      <Alert title="Only what the contact's properties hold" variant="warning">
        The scoring app can&apos;t be reached: what changed, and how sure the chance is, are not known here.
      </Alert>
      <Button size="sm" onClick={onRetry}>
        Try again
      </Button>
    </Flex>
  );
}
