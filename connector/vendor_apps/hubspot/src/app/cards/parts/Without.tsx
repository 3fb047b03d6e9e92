import { EmptyState, Text } from '@hubspot/ui-extensions';

/** A contact without a score to show, and why. */
export function Without({ sentence }: { sentence: string }) {
  return (
    <EmptyState title="No score" layout="vertical" flush imageWidth={120}>
      <Text>{sentence}</Text>
    </EmptyState>
  );
}
