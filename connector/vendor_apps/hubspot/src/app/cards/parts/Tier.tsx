import { Flex, Heading, StatusTag } from '@hubspot/ui-extensions';

const VARIANTS: Record<string, 'success' | 'warning' | 'default'> = { 'High-Intent': 'success', Medium: 'warning' };

interface Props {
  score: string;
  tier: string | null;
}

/** The score, in words, with its band. */
export function Tier({ score, tier }: Props) {
  return (
    <Flex direction="row" align="center" gap="small">
      <Heading>{score}</Heading>
      {tier !== null && <StatusTag variant={VARIANTS[tier] ?? 'default'}>{tier}</StatusTag>}
    </Flex>
  );
}
